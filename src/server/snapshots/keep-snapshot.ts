import { existsSync, mkdirSync, readdirSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { lchown, lstat, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../../config/config.ts';
import type { ControlSnapshot } from '../../control/copy-sqlite.ts';
import { LAST_CONTROL_MIGRATION } from '../../control/migrate.ts';
import { messageOf } from '../../lib/errors.ts';
import type { Log } from '../../lib/log.ts';
import { PROGRAM } from '../../lib/program.ts';
import { linkStore } from '../../warehouse/copy/link-store.ts';
import { listMigrations } from '../../warehouse/migrate.ts';
import {
  DRAFT,
  listSnapshots,
  NOTE,
  removeDrafts,
  type SnapshotNote,
  snapshotsFolder,
  toFolderName,
} from './snapshots.ts';

/** Copies the control database to a new file. */
type CopyControl = ControlSnapshot['copyTo'];

/**
 * Keeps a snapshot of both stores. Call it before anything is migrated, while no other process can migrate or write; later calls of a start do
 * nothing. Rejects with an Error that says what to do.
 */
export type KeepSnapshot = (copyControl: CopyControl) => Promise<void>;

/** Returns what keeps a snapshot of a data folder. Servers have tools of their own. */
export function createSnapshots({ dataDir, databaseUrl, clickhouseUrl }: Config, log: Log): KeepSnapshot {
  let kept: Promise<void> | undefined;
  if (databaseUrl !== undefined || clickhouseUrl !== undefined) return async () => {};
  return (copyControl) => {
    kept ??= keep(dataDir, copyControl, log);
    return kept;
  };
}

async function keep(dataDir: string, copyControl: CopyControl, log: Log): Promise<void> {
  try {
    const schema = [LAST_CONTROL_MIGRATION, (await listMigrations()).at(-1)].join(', ');
    if (listSnapshots(dataDir).at(-1)?.schema === schema) return;
    const folder = await copyStores(dataDir, { at: new Date().toISOString(), schema }, copyControl);
    log.info(
      { snapshot: folder },
      `kept the data as it was before the migrations; \`${PROGRAM} downgrade\` restores it`,
    );
  } catch (error) {
    throw new Error(
      `The data in ${dataDir} could not be kept as it is before the migrations of this release: ${messageOf(error)}. ` +
        'Nothing was changed. Free up space or permissions, and start again.',
      { cause: error },
    );
  }
}

async function copyStores(dataDir: string, note: SnapshotNote, copyControl: CopyControl): Promise<string> {
  const parent = snapshotsFolder(dataDir);
  await removeDrafts(dataDir);
  const folder = join(parent, toFolderName(note.at));
  const draft = `${folder}${DRAFT}`;
  const events = join(dataDir, 'events');
  try {
    mkdirSync(draft, { recursive: true, mode: 0o700 });
    if (existsSync(events)) await linkStore(events, join(draft, 'events'), { hasLog: true });
    await copyControl(join(draft, 'control.db'));
    writeFileSync(join(draft, NOTE), `${JSON.stringify(note)}\n`, { mode: 0o600 });
    await takeOwner(dataDir, [parent, draft, ...listPaths(draft)]);
    await syncPaths([...listPaths(draft), draft]);
    renameSync(draft, folder);
    await syncPaths([parent, dataDir]);
    return folder;
  } catch (error) {
    await rm(draft, { recursive: true, force: true }).catch(() => {});
    throw error;
  }
}

/** Returns what is in a folder, without following links. */
const listPaths = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? [...listPaths(path), path] : [path];
  });

/** The first command after an upgrade may run as root, but the server must be able to use and remove what it keeps. */
async function takeOwner(dataDir: string, paths: readonly string[]): Promise<void> {
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = statSync(dataDir);
  for (const path of paths) await lchown(path, uid, gid);
}

/** Waits until files and folders are on disk. Hard links are: they share the files of the event store. */
async function syncPaths(paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    const stats = await lstat(path);
    if (!stats.isDirectory() && (!stats.isFile() || stats.nlink > 1)) continue;
    const handle = await open(path);
    await handle.sync().finally(() => handle.close());
  }
}
