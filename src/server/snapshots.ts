import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../config/config.ts';
import { VERSION } from '../config/version.ts';
import { copyControl } from '../control/copy-sqlite.ts';
import { LAST_CONTROL_MIGRATION } from '../control/migrate.ts';
import { DAY_MS } from '../lib/durations.ts';
import { messageOf } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';
import { linkStore } from '../warehouse/copy/link-store.ts';
import { findLockHolder } from '../warehouse/engine/folder-lock.ts';
import { syncFolder } from '../warehouse/log/segments.ts';
import { listMigrations } from '../warehouse/migrate.ts';
import { downgradingFolder } from './restoring.ts';

/** Both stores as they were before a release migrated them, in the data folder. */
export type Snapshot = {
  folder: string;
  /** When it was made (RFC 3339). */
  at: string;
  /** The release that migrated the stores then. */
  release: string;
  /** The migrations of that release: an upgrade keeps one snapshot, however many processes take part in it. */
  schema: string;
};

type Note = Omit<Snapshot, 'folder'>;

const NOTE = 'snapshot.json';
const DRAFT = '.draft';
/** Meanwhile it shares most of its files with the event store; later it takes as much space again. */
const KEPT_MS = 14 * DAY_MS;

const snapshotsFolder = (dataDir: string) => join(dataDir, 'snapshots');

/** Returns the snapshots in a data folder, oldest first. Throws the system's error. */
export function listSnapshots(dataDir: string): Snapshot[] {
  const parent = snapshotsFolder(dataDir);
  if (!existsSync(parent)) return [];
  // A downgrade takes the stores out of it, and removes what is left of it last.
  const isKept = existsSync(downgradingFolder(dataDir)) ? NOTE : 'control.db';
  const names = readdirSync(parent).filter(
    (name) => existsSync(join(parent, name, isKept)) && !name.endsWith(DRAFT),
  );
  return names.toSorted().map((name) => {
    const folder = join(parent, name);
    return { folder, ...(JSON.parse(readFileSync(join(folder, NOTE), 'utf8')) as Note) };
  });
}

/** Keeps a snapshot of both stores. Call it before anything is migrated; later calls of a start do nothing. Rejects with an Error. */
export type KeepSnapshot = () => Promise<void>;

/** Returns what keeps a snapshot of a data folder. Servers have tools of their own. */
export function createSnapshots({ dataDir, databaseUrl, clickhouseUrl }: Config, log: Log): KeepSnapshot {
  let kept: Promise<void> | undefined;
  if (databaseUrl !== undefined || clickhouseUrl !== undefined) return async () => {};
  return () => {
    kept ??= keep(dataDir, log);
    return kept;
  };
}

async function keep(dataDir: string, log: Log): Promise<void> {
  const holder = await findLockHolder(join(dataDir, 'events'));
  if (holder !== undefined)
    throw new Error(
      `An older release of Appflow (process ${holder}) uses ${dataDir}. Stop it first: this release changes how data is stored.`,
    );
  const schema = [LAST_CONTROL_MIGRATION, (await listMigrations()).at(-1)].join(', ');
  if (listSnapshots(dataDir).at(-1)?.schema === schema) return;
  const note: Note = { at: new Date().toISOString(), release: VERSION, schema };
  try {
    const folder = await copyStores(dataDir, note);
    log.info(
      { snapshot: folder },
      'kept the data as it was before the migrations; `appflow downgrade` restores it',
    );
  } catch (error) {
    throw new Error(
      `The data in ${dataDir} could not be kept as it is before the migrations of this release: ${messageOf(error)}. ` +
        'Nothing was changed. Free up space or permissions, and start again.',
      { cause: error },
    );
  }
}

async function copyStores(dataDir: string, note: Note): Promise<string> {
  const parent = snapshotsFolder(dataDir);
  // Earlier ones can't be restored by the release before this one, and drafts are what a kill left behind.
  const earlier = existsSync(parent) ? readdirSync(parent) : [];
  const folder = join(parent, note.at.replaceAll(':', '-'));
  const draft = `${folder}${DRAFT}`;
  mkdirSync(draft, { recursive: true, mode: 0o700 });
  const events = join(dataDir, 'events');
  if (existsSync(events)) await linkStore(events, join(draft, 'events'), { hasLog: true });
  await copyControl(join(dataDir, 'control.db'), join(draft, 'control.db'));
  writeFileSync(join(draft, NOTE), `${JSON.stringify(note)}\n`, { mode: 0o600, flush: true });
  renameSync(draft, folder);
  await syncFolder(parent);
  for (const name of earlier) rmSync(join(parent, name), { recursive: true, force: true });
  return folder;
}

/** Removes snapshots that are older than two weeks. Logs a failure: it must not stop a start. */
export function removeOldSnapshots(dataDir: string, nowMs: number, log: Log): void {
  try {
    for (const { folder, at } of listSnapshots(dataDir))
      if (Date.parse(at) < nowMs - KEPT_MS) rmSync(folder, { recursive: true, force: true });
  } catch (err) {
    log.warn({ err }, 'old snapshots could not be removed');
  }
}
