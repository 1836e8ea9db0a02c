import { createReadStream } from 'node:fs';
import { lstat, readdir, readlink } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { VERSION } from '../../config/version.ts';
import { openReadOnlySqliteControl } from '../../control/open-sqlite.ts';
import type { StagedCopy } from '../../server/copy/staged-copy.ts';
import { findEventCount } from '../../server/event-count.ts';
import { findStoreId } from '../../server/store-pair.ts';
import type { BackupPlace } from './backup-place.ts';
import { createSum, forEachParallel } from './copy-parts.ts';
import { INCOMPLETE, MANIFEST, type Manifest } from './manifest.ts';
import { readContents } from './open-copy.ts';
import { stageCopy } from './stage-copy.ts';

export type BackupOptions = { dataDir: string; place: BackupPlace; signal: AbortSignal };

/** A backup that is complete, and what the stores lack according to their own records, as sentences. */
export type MadeBackup = { name: string; manifest: Manifest; problems: string[] };

/**
 * Copies both stores as of one moment to a new backup, also while a server runs. It is complete once it has a manifest. Rejects with an Error
 * that says what to do, with StorageError or with the system's error.
 */
export async function makeBackup({ dataDir, place, signal }: BackupOptions): Promise<MadeBackup> {
  using staged = await stageCopy(dataDir, signal);
  const at = new Date().toISOString();
  const { storeId, knownEvents } = await readIdentity(staged);
  const name = nameOf(at, storeId);
  await place.publish(name, INCOMPLETE, `${JSON.stringify({ storeId, at })}\n`);
  const { files, links } = await copyFiles(staged, { place, name, signal });
  // Last, because it changes the copy: the engine maintains what it opens.
  const { events, problems } = await readContents(staged.eventsDir, knownEvents);
  const manifest: Manifest = { format: 1, appflow: VERSION, storeId, at, events, files, links };
  signal.throwIfAborted();
  await place.publish(name, MANIFEST, `${JSON.stringify(manifest, null, 1)}\n`);
  await place.remove(name, INCOMPLETE);
  return { name, manifest, problems };
}

/** Installations may share a place: each removes only its own backups. */
const suffixOf = (storeId: string): string => storeId.slice(-8).toLowerCase();

/** Names sort by time, and are valid in every file system. */
const nameOf = (at: string, storeId: string): string =>
  `${at.replaceAll(':', '-').replace(/\.\d+/, '')}-${suffixOf(storeId)}`;

async function readIdentity({ controlFile }: StagedCopy): Promise<{ storeId: string; knownEvents: number }> {
  const control = await openReadOnlySqliteControl(controlFile);
  try {
    const storeId = await findStoreId(control);
    if (storeId === undefined)
      throw new Error('No server has run on this data folder yet, so there is nothing to back up.');
    return { storeId, knownEvents: await findEventCount(control) };
  } finally {
    await control.close();
  }
}

type Target = { place: BackupPlace; name: string; signal: AbortSignal };

async function copyFiles(
  { folder, controlFile, eventsDir }: StagedCopy,
  { place, name, signal }: Target,
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
    await place.write(name, path, pass(createReadStream(file)), stats.size);
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

/** The backups of an installation in a place, oldest first. */
export type Listed = { complete: string[]; incomplete: string[] };

/** Returns the backups of the installation that made the backup `like`. */
export async function listBackups(place: BackupPlace, like: string): Promise<Listed> {
  const suffix = like.slice(like.lastIndexOf('-'));
  const listed: Listed = { complete: [], incomplete: [] };
  for (const name of (await place.list()).filter((one) => one.endsWith(suffix))) {
    const isComplete = (await place.readText(name, MANIFEST)) !== undefined;
    listed[isComplete ? 'complete' : 'incomplete'].push(name);
  }
  return listed;
}

/** Removes all backups of the installation but the latest `keep`, and incomplete ones. Returns the names of those removed. */
export async function removeOlder(place: BackupPlace, made: string, keep: number): Promise<string[]> {
  const { complete, incomplete } = await listBackups(place, made);
  const removed = [...incomplete, ...complete.slice(0, Math.max(0, complete.length - keep))];
  for (const name of removed) {
    // First, so that a kill in between leaves an incomplete backup, and not one that looks complete.
    await place.remove(name, MANIFEST);
    await place.remove(name);
  }
  return removed;
}
