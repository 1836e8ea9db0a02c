import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir, rename, rm, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ReadOnlyControl } from '../../control/control.ts';
import { describeNewer } from '../../control/migrate.ts';
import { openReadOnlySqliteControl } from '../../control/open-sqlite.ts';
import { messageOf } from '../../lib/errors.ts';
import { isAlive } from '../../lib/is-alive.ts';
import { createFolders } from '../../server/data-dir.ts';
import { findEventCount } from '../../server/event-count.ts';
import { restoringFolder } from '../../server/restoring.ts';
import { findStoreId } from '../../server/store-pair.ts';
import { linkStore } from '../../warehouse/copy/link-store.ts';
import { syncFolder } from '../../warehouse/log/segments.ts';
import { UsageError } from '../terminal/usage-error.ts';
import { createSum, forEachParallel } from './copy-parts.ts';
import { type BackupDestination, syncFolders, writeSynced } from './destination.ts';
import { type DayCount, MANIFEST, type Manifest, parseManifest } from './manifest.ts';
import { readContents } from './open-copy.ts';

export type RestoreOptions = {
  dataDir: string;
  destination: BackupDestination;
  name: string;
  /** Whether its events are counted before it is put in place. */
  verifies: boolean;
  /** Whether it is restored even if it lacks something according to its manifest. */
  acceptsLoss: boolean;
  signal: AbortSignal;
};

/**
 * Restores a backup into an empty data folder. Every file is compared with its checksum before any is put in place. Rejects with an Error that
 * says what to do, with StorageError or with the system's error.
 */
export async function restoreBackup(options: RestoreOptions): Promise<Manifest> {
  const { dataDir, verifies, signal } = options;
  const manifest = await readManifest(options);
  if (!options.acceptsLoss) requireNoProblems(manifest);
  requireEmpty(dataDir);
  const folder = prepare(dataDir);
  await fetchFiles(folder, manifest, options);
  await requirePair(folder, manifest);
  if (verifies) await requireSameCounts(folder, manifest);
  signal.throwIfAborted();
  await putInPlace(dataDir, folder, manifest);
  return manifest;
}

async function readManifest({ destination, name }: RestoreOptions): Promise<Manifest> {
  const text = await destination.readText(name, MANIFEST);
  if (text !== undefined) return parseManifest(text, destination.describe(name));
  throw new UsageError(
    `${destination.describe(name)} is not a complete backup: it has no ${MANIFEST}. Use another one, as \`appflow backup\` printed it.`,
  );
}

function requireNoProblems({ problems }: Manifest): void {
  if (problems.length === 0) return;
  const list = problems.map((problem) => `  ${problem}`).join('\n');
  throw new UsageError(
    `Data had already been lost when this backup was taken:\n${list}\nRestore an earlier backup. If there is none, restore this one with --accept-loss.`,
  );
}

/** What may be there before: the secret, put there by hand, and what file systems create. */
const ALLOWED = new Set(['secrets', 'lost+found']);

/** Its file says which process restores. */
const OWNER = 'owner';

function requireEmpty(dataDir: string): void {
  if (!existsSync(dataDir)) return;
  const folder = restoringFolder(dataDir);
  if (existsSync(folder)) {
    requireAbandoned(folder);
    return;
  }
  const found = readdirSync(dataDir).filter((name) => !ALLOWED.has(name));
  if (found.length === 0) return;
  throw new UsageError(
    `${dataDir} is not empty (it contains ${found.toSorted().slice(0, 3).join(', ')}). Restore into another folder with --data-dir.`,
  );
}

/** An interrupted restore: no server starts on the folder, so what is in it is from the backup. */
function requireAbandoned(folder: string): void {
  const owner = join(folder, OWNER);
  const pid = existsSync(owner) ? Number(readFileSync(owner, 'utf8')) : 0;
  // In a container, this command may have the ID of the one that was interrupted.
  if (pid > 0 && pid !== process.pid && isAlive(pid))
    throw new Error(`Process ${pid} is restoring a backup into this folder.`);
}

/** Returns the folder for the files, and removes what an interrupted restore left behind. */
function prepare(dataDir: string): string {
  const folder = restoringFolder(dataDir);
  if (existsSync(folder))
    for (const name of TOP_LEVEL) rmSync(join(dataDir, name), { recursive: true, force: true });
  rmSync(folder, { recursive: true, force: true });
  createFolders(dataDir);
  mkdirSync(folder, { mode: 0o700 });
  writeFileSync(join(folder, OWNER), String(process.pid), { mode: 0o600 });
  return folder;
}

async function fetchFiles(
  folder: string,
  { files, links }: Manifest,
  { destination, name, signal }: RestoreOptions,
): Promise<void> {
  await forEachParallel(Object.entries(files), signal, async ([path, expected]) => {
    const { pass, sum } = createSum();
    await writeSynced(join(folder, path), pass(destination.read(name, path))).catch((error: unknown) => {
      throw new Error(`${path} of ${destination.describe(name)} cannot be restored: ${messageOf(error)}`, {
        cause: error,
      });
    });
    if (sum().sha256 === expected.sha256) return;
    throw new Error(
      `${path} of ${destination.describe(name)} is damaged: its checksum differs. Use another backup.`,
    );
  });
  for (const [path, target] of Object.entries(links)) {
    await mkdir(dirname(join(folder, path)), { recursive: true, mode: 0o700 });
    await symlink(target, join(folder, path));
  }
  await syncFolders(folder);
}

async function withControl<T>(folder: string, read: (control: ReadOnlyControl) => Promise<T>): Promise<T> {
  const control = await openReadOnlySqliteControl(join(folder, 'control.db'));
  return await read(control).finally(control.close);
}

async function requirePair(folder: string, { storeId }: Manifest): Promise<void> {
  await withControl(folder, async (control) => {
    if (control.unknownMigrations.length > 0) throw new Error(describeNewer(control.unknownMigrations));
    const found = await findStoreId(control);
    const eventsId = readFileSync(join(folder, 'events', 'store-id'), 'utf8').trim();
    if (found === storeId && eventsId === storeId) return;
    throw new Error('The two stores in the backup belong to different installations. Use another backup.');
  });
}

/** With a copy, because opening the event store changes it. */
async function requireSameCounts(folder: string, manifest: Manifest): Promise<void> {
  const copy = join(folder, 'check');
  await linkStore(join(folder, 'events'), copy, { hasLog: true });
  const { events, problems } = await readContents(copy, await withControl(folder, findEventCount));
  await rm(copy, { recursive: true, force: true });
  const known = new Set(manifest.problems.map(withoutFinding));
  const unknown = problems.filter((problem) => !known.has(withoutFinding(problem)));
  const differences = [...compareCounts(manifest.events, events), ...unknown];
  if (differences.length === 0) return;
  const shown = differences.slice(0, 20).join('\n');
  throw new Error(`The backup does not contain what its manifest says:\n${shown}\nUse another backup.`);
}

/** When a problem was found, and in which folder, differs between two copies. */
const withoutFinding = (problem: string): string =>
  problem.replaceAll(/\S+\/\S+|\d{4}-\d\d-\d\dT[\d:.]+Z/g, '');

/** Returns a sentence for each app and day with another number of events. */
export function compareCounts(expected: readonly DayCount[], found: readonly DayCount[]): string[] {
  const groupOf = ({ project, app, day }: DayCount) => `${project}, ${app}, ${day}`;
  const [before, after] = [expected, found].map(
    (counts) => new Map(counts.map((count) => [groupOf(count), count.events])),
  );
  const groups = new Set([...(before?.keys() ?? []), ...(after?.keys() ?? [])]);
  return [...groups].toSorted().flatMap((group) => {
    const [one, other] = [before?.get(group) ?? 0, after?.get(group) ?? 0];
    return one === other ? [] : [`${group}: ${other} events instead of ${one}.`];
  });
}

/** The events last: until they are there, no server starts, and `restoring/` says why. */
const TOP_LEVEL = ['control.db-losses', 'control.db', 'events'];

async function putInPlace(dataDir: string, folder: string, manifest: Manifest): Promise<void> {
  for (const name of TOP_LEVEL) {
    if (name === 'control.db-losses' && manifest.files[name] === undefined) continue;
    await rename(join(folder, name), join(dataDir, name));
  }
  await syncFolder(dataDir);
  await rm(folder, { recursive: true });
  await syncFolder(dataDir);
}
