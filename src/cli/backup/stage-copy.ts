import { randomUUID } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { copyControl } from '../../control/copy-sqlite.ts';
import { openReadOnlySqliteControl } from '../../control/open-sqlite.ts';
import { SECOND_MS } from '../../lib/durations.ts';
import { isAlive } from '../../lib/is-alive.ts';
import {
  type CopyRequest,
  copyingFolder,
  readNote,
  type StagedCopy,
  stagedCopyOf,
  withdrawRequest,
  writeNote,
} from '../../server/copy/staged-copy.ts';
import { linkStore } from '../../warehouse/copy/link-store.ts';
import { hasWriteAheadLog, isControlInUse } from '../control/control-in-use.ts';
import { isServerSeen } from '../control/server-seen.ts';

const POLL_MS = 50;
/** Whether a server in another container still runs takes opening a database. */
const POLL_UNSEEN_MS = 500;
/** How long to wait for a copy to end after it was canceled. */
const ABORTED_MS_MAX = 30 * SECOND_MS;
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
  const folder = copyingFolder(dataDir);
  const request: CopyRequest = { id: randomUUID(), pid: process.pid };
  const staged = stagedCopyOf(dataDir, request.id);
  requireAlone(folder);
  const remove = () => rmSync(folder, { recursive: true, force: true });
  remove();
  mkdirSync(folder, { mode: 0o700 });
  writeNote(folder, 'owner', request);
  try {
    if (!(await copyByServer(dataDir, request, signal))) await copyStopped(dataDir, staged);
    signal.throwIfAborted();
    return { ...staged, [Symbol.dispose]: remove };
  } catch (error) {
    remove();
    throw error;
  }
}

function requireAlone(folder: string): void {
  const owner = readNote(folder, 'owner');
  if (owner === undefined || owner.pid === process.pid || !isAlive(owner.pid)) return;
  throw new Error(
    `Another \`appflow backup\` (process ${owner.pid}) is running. If that process is something else, delete ${folder}.`,
  );
}

/** Asks the server for the copy. Returns false if none runs. */
async function copyByServer(dataDir: string, request: CopyRequest, signal: AbortSignal): Promise<boolean> {
  const control = join(dataDir, 'control.db');
  const isSeen = await isServerSeen({ dataDir });
  if (!isSeen && !hasWriteAheadLog(control)) return false;
  const folder = copyingFolder(dataDir);
  const answer = <Name extends 'accepted' | 'result'>(name: Name) => {
    const note = readNote(folder, name);
    // Another one is for a command that was killed.
    return note?.id === request.id ? note : undefined;
  };
  writeNote(folder, 'request', request);
  await waitFor(() => answer('accepted'), {
    ms: isSeen ? ACCEPT_MS : ACCEPT_UNSEEN_MS,
    isInVain: async () => signal.aborted,
  });
  if (withdrawRequest(folder)) {
    signal.throwIfAborted();
    if (isSeen || (await isControlInUse(control))) throw new Error(NOT_ACCEPTED);
    return false;
  }
  // Also for some time after an abort: the server would create again what is removed meanwhile.
  const isOver = trackAbort(signal);
  const isInVain = async () =>
    answer('accepted') === undefined ||
    !(isSeen ? await isServerSeen({ dataDir }) : await isControlInUse(control)) ||
    isOver();
  const result = await waitFor(() => answer('result'), {
    pollMs: isSeen ? POLL_MS : POLL_UNSEEN_MS,
    isInVain,
  });
  if (result === undefined)
    throw new Error('The server stopped before its data was copied. Run the command again.');
  if (result.error !== undefined) throw new Error(`The server could not copy its data: ${result.error}`);
  return true;
}

const NOT_ACCEPTED =
  'The data folder is in use, but no server of this release answered. Restart the server with this release, and run the command as the same user. ' +
  'If another command such as `import` uses the folder, wait until it is done.';

/** Returns a function that says whether a signal was aborted so long ago that nothing is waited for any more. */
function trackAbort(signal: AbortSignal): () => boolean {
  let abortedAtMs = Number.POSITIVE_INFINITY;
  const note = () => {
    abortedAtMs = performance.now();
  };
  if (signal.aborted) note();
  else signal.addEventListener('abort', note, { once: true });
  return () => performance.now() - abortedAtMs > ABORTED_MS_MAX;
}

type Wait = { ms?: number; pollMs?: number; isInVain: () => Promise<boolean> };

/** Returns what `find` finds; undefined after `ms`, or as soon as waiting is in vain. */
async function waitFor<T>(
  find: () => T | undefined,
  { ms = Number.POSITIVE_INFINITY, pollMs = POLL_MS, isInVain }: Wait,
): Promise<T | undefined> {
  const deadline = performance.now() + ms;
  while (performance.now() < deadline) {
    const isLast = await isInVain();
    const found = find();
    if (found !== undefined || isLast) return found;
    await setTimeout(pollMs);
  }
  return undefined;
}

/** No server runs: what is on disk is complete, apart from what the next start does after a crash. */
async function copyStopped(dataDir: string, staged: StagedCopy): Promise<void> {
  const file = join(dataDir, 'control.db');
  const before = await readRevision(file);
  await linkStore(join(dataDir, 'events'), staged.eventsDir, { hasLog: true });
  await copyControl(file, staged.controlFile);
  // A start changes the revision before it opens the events.
  if (!(await isServerSeen({ dataDir })) && (await readRevision(file)) === before) return;
  throw new Error('A server or a command used the data folder while it was copied. Run the command again.');
}

async function readRevision(file: string): Promise<number> {
  const control = await openReadOnlySqliteControl(file);
  return await control.readRevision().finally(control.close);
}
