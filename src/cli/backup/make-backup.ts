import { createReadStream } from 'node:fs';
import { lstat, readdir, readlink } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { VERSION } from '../../config/version.ts';
import { openReadOnlySqliteControl } from '../../control/open-sqlite.ts';
import type { StagedCopy } from '../../server/copy/staged-copy.ts';
import { findEventCount } from '../../server/event-count.ts';
import { findStoreId } from '../../server/store-pair.ts';
import { createSum, forEachParallel } from './copy-parts.ts';
import type { BackupDestination } from './destination.ts';
import { INCOMPLETE, MANIFEST, type Manifest } from './manifest.ts';
import { readContents } from './open-copy.ts';
import { stageCopy } from './stage-copy.ts';

export type BackupOptions = { dataDir: string; destination: BackupDestination; signal: AbortSignal };

/** A backup that is complete, and the names of incomplete ones that were removed before. */
export type MadeBackup = { name: string; manifest: Manifest; removed: string[] };

/**
 * Copies both stores as of one moment to a new backup, also while a server runs. It is complete once it has a manifest, and removed if that
 * fails. Rejects with an Error that says what to do, with StorageError or with the system's error.
 */
export async function makeBackup({ dataDir, destination, signal }: BackupOptions): Promise<MadeBackup> {
  using staged = await stageCopy(dataDir, signal);
  const at = new Date().toISOString();
  const identity = await readIdentity(staged);
  const name = nameOf(at, identity.storeId);
  // First: they may be what has filled the disk.
  const { incomplete: removed } = await listBackups(destination, name);
  await removeBackups(destination, removed);
  try {
    const manifest = await writeBackup(staged, identity, { destination, name, at, signal });
    return { name, manifest, removed };
  } catch (error) {
    // If this fails too, the next backup removes it.
    await destination.remove(name).catch(() => undefined);
    throw error;
  }
}

async function writeBackup(
  staged: StagedCopy,
  { storeId, knownEvents, problems }: Identity,
  target: Target,
): Promise<Manifest> {
  const { destination, name, at, signal } = target;
  await destination.publish(name, INCOMPLETE, `${JSON.stringify({ storeId, at })}\n`);
  const copied = await copyFiles(staged, target);
  // Last, because it changes the copy: the engine maintains what it opens.
  const contents = await readContents(staged.eventsDir, knownEvents);
  const lacking = { problems: [...problems, ...contents.problems], events: contents.events };
  const manifest: Manifest = { format: 1, appflow: VERSION, storeId, at, ...lacking, ...copied };
  signal.throwIfAborted();
  await destination.publish(name, MANIFEST, `${JSON.stringify(manifest, null, 1)}\n`);
  await destination.remove(name, INCOMPLETE);
  return manifest;
}

/** Installations may share a destination: each removes only its own backups. */
const suffixOf = (storeId: string): string => storeId.slice(-8).toLowerCase();

/** Names sort by time, and are valid in every file system. */
const nameOf = (at: string, storeId: string): string => `${at.replaceAll(':', '-')}-${suffixOf(storeId)}`;

type Identity = { storeId: string; knownEvents: number; problems: string[] };

async function readIdentity({ controlFile }: StagedCopy): Promise<Identity> {
  const control = await openReadOnlySqliteControl(controlFile);
  try {
    const storeId = await findStoreId(control);
    if (storeId === undefined)
      throw new Error('No server has run on this data folder yet, so there is nothing to back up.');
    return { storeId, knownEvents: await findEventCount(control), problems: control.listProblems() };
  } finally {
    await control.close();
  }
}

type Target = { destination: BackupDestination; name: string; at: string; signal: AbortSignal };

async function copyFiles(
  { folder, controlFile, eventsDir }: StagedCopy,
  { destination, name, signal }: Target,
): Promise<Pick<Manifest, 'files' | 'links'>> {
  const paths = [controlFile, ...(await listFiles(eventsDir))]
    .map((path) => relative(folder, path))
    .toSorted();
  const [files, links]: [Manifest['files'], Manifest['links']] = [{}, {}];
  await forEachParallel(paths, signal, async (path) => {
    const file = join(folder, path);
    const stats = await lstat(file);
    if (stats.isSymbolicLink()) {
      links[path] = await readlink(file);
      return;
    }
    const { pass, sum } = createSum();
    await destination.write(name, path, pass(createReadStream(file)));
    files[path] = sum();
  });
  return { files: sorted(files), links: sorted(links) };
}

/** Files and symbolic links, which are not followed. */
async function listFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map(({ parentPath, name }) => join(parentPath, name));
}

const sorted = <T>(record: Record<string, T>): Record<string, T> =>
  Object.fromEntries(Object.entries(record).toSorted(([one], [other]) => (one < other ? -1 : 1)));

type Listed = { complete: string[]; incomplete: string[] };

/** Returns the backups of the installation that made the backup `like`, oldest first. */
async function listBackups(destination: BackupDestination, like: string): Promise<Listed> {
  const suffix = like.slice(like.lastIndexOf('-'));
  const listed: Listed = { complete: [], incomplete: [] };
  for (const name of (await destination.list()).filter((one) => one.endsWith(suffix))) {
    const isComplete = (await destination.readText(name, MANIFEST)) !== undefined;
    listed[isComplete ? 'complete' : 'incomplete'].push(name);
  }
  return listed;
}

/** Removes all complete backups of the installation but the latest `keep`. Returns the names of those removed. */
export async function removeOlder(
  destination: BackupDestination,
  made: string,
  keep: number,
): Promise<string[]> {
  const { complete } = await listBackups(destination, made);
  const removed = complete.slice(0, Math.max(0, complete.length - keep));
  await removeBackups(destination, removed);
  return removed;
}

async function removeBackups(destination: BackupDestination, names: readonly string[]): Promise<void> {
  for (const name of names) {
    // First, so that a kill in between leaves an incomplete backup, and not one that looks complete.
    await destination.remove(name, MANIFEST);
    await destination.remove(name);
  }
}
