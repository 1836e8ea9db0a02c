import { randomUUID } from 'node:crypto';
import { mkdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { copyControl } from '../../control/copy-sqlite.ts';
import { openReadOnlySqliteControl } from '../../control/open-sqlite.ts';
import { SECOND_MS } from '../../lib/durations.ts';
import { isAlive } from '../../lib/is-alive.ts';
import { readNote, type StagedCopy, stagedCopyOf, writeNote } from '../../server/copy/staged-copy.ts';
import { findServerUrl } from '../../server/server-url.ts';
import { linkStore } from '../../warehouse/copy/link-store.ts';
import { findLockHolder } from '../../warehouse/engine/folder-lock.ts';

const POLL_MS = 50;
/** How long a server may take to accept a request: its event loop may be busy. */
const ACCEPT_MS = 20 * SECOND_MS;
/** After a kill, the write-ahead log looks as if a server ran. One in another container accepts the request. */
const ACCEPT_UNSEEN_MS = 3 * SECOND_MS;

/** A copy that is removed at the end of its scope. */
export type OwnCopy = StagedCopy & Disposable;

/**
 * Copies both stores of a data folder as of one moment: the server does so if one runs, otherwise this process. Rejects with an Error that
 * says what to do, with StorageError or with the system's error.
 */
export async function stageCopy(dataDir: string, signal: AbortSignal): Promise<OwnCopy> {
  const staged = stagedCopyOf(dataDir);
  requireAlone(staged);
  const remove = () => rmSync(staged.folder, { recursive: true, force: true });
  remove();
  mkdirSync(staged.folder, { mode: 0o700 });
  writeNote(staged.folder, 'owner', { id: '', pid: process.pid });
  try {
    if (!(await copyByServer(dataDir, signal))) await copyStopped(dataDir);
    return { ...staged, [Symbol.dispose]: remove };
  } catch (error) {
    remove();
    throw error;
  }
}

function requireAlone({ folder }: StagedCopy): void {
  const owner = readNote(folder, 'owner');
  if (owner === undefined || owner.pid === process.pid || !isAlive(owner.pid)) return;
  throw new Error(
    `Another \`appflow backup\` (process ${owner.pid}) is running. If that process is something else, delete ${folder}.`,
  );
}

const isServerSeen = async (dataDir: string): Promise<boolean> =>
  findServerUrl({ dataDir }) !== undefined || (await findLockHolder(join(dataDir, 'events'))) !== undefined;

const hasWriteAheadLog = (dataDir: string): boolean =>
  (statSync(join(dataDir, 'control.db-wal'), { throwIfNoEntry: false })?.size ?? 0) > 0;

/** Asks the server for the copy. Returns false if none runs. */
async function copyByServer(dataDir: string, signal: AbortSignal): Promise<boolean> {
  const isSeen = await isServerSeen(dataDir);
  if (!isSeen && !hasWriteAheadLog(dataDir)) return false;
  const { folder } = stagedCopyOf(dataDir);
  const id = randomUUID();
  writeNote(folder, 'request', { id, pid: process.pid });
  const isAccepted = await waitFor(() => readNote(folder, 'accepted'), {
    signal,
    ms: isSeen ? ACCEPT_MS : ACCEPT_UNSEEN_MS,
  });
  if (!isAccepted && isSeen) throw new Error(NOT_ACCEPTED);
  if (!isAccepted) return false;
  const result = await waitFor(() => readNote(folder, 'result'), {
    signal,
    isInVain: async () => isSeen && !(await isServerSeen(dataDir)),
  });
  if (result === undefined)
    throw new Error('The server stopped before its data was copied. Run the command again.');
  if (result.error !== undefined) throw new Error(`The server could not copy its data: ${result.error}`);
  return true;
}

const NOT_ACCEPTED =
  'The data folder is in use, but no server of this release answered. Restart the server with this release, and run the command as the same user. ' +
  'If another command such as `import` uses the folder, wait until it is done.';

type Wait = { signal: AbortSignal; ms?: number; isInVain?: () => Promise<boolean> };

/** Returns what `find` finds; undefined after `ms`, or as soon as waiting is in vain. */
async function waitFor<T>(
  find: () => T | undefined,
  { signal, ms = Number.POSITIVE_INFINITY, isInVain = async () => false }: Wait,
): Promise<T | undefined> {
  const deadline = performance.now() + ms;
  while (performance.now() < deadline) {
    const isLast = await isInVain();
    const found = find();
    if (found !== undefined || isLast) return found;
    await setTimeout(POLL_MS, undefined, { signal });
  }
  return undefined;
}

/** No server runs: what is on disk is complete, apart from what the next start does after a crash. */
async function copyStopped(dataDir: string): Promise<void> {
  const staged = stagedCopyOf(dataDir);
  const file = join(dataDir, 'control.db');
  const before = await readRevision(file);
  await linkStore(join(dataDir, 'events'), staged.eventsDir, { hasLog: true });
  await copyControl(file, staged.controlFile);
  // A start changes the revision before it opens the events.
  if (!(await isServerSeen(dataDir)) && (await readRevision(file)) === before) return;
  throw new Error('A server or a command used the data folder while it was copied. Run the command again.');
}

async function readRevision(file: string): Promise<number> {
  const control = await openReadOnlySqliteControl(file);
  return await control.readRevision().finally(control.close);
}
