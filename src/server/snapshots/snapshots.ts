import { existsSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../lib/clock.ts';
import { DAY_MS } from '../../lib/durations.ts';
import type { Log } from '../../lib/log.ts';
import { runPeriodically } from '../../lib/periodic.ts';

/** Both stores as they were before a release migrated them, in the data folder. */
export type Snapshot = {
  folder: string;
  /** When it was made (RFC 3339). */
  at: string;
  /** The migrations of that release: an upgrade keeps one snapshot, however many processes take part in it. */
  schema: string;
};

/** What is noted in a snapshot. */
export type SnapshotNote = Omit<Snapshot, 'folder'>;

/** The file of the note. */
export const NOTE = 'snapshot.json';

/** The end of the name of a folder that is being made, or removed. */
export const DRAFT = '.draft';

/** At first it shares most of its files with the event store; later it takes as much space again. */
const KEPT_MS = 14 * DAY_MS;
const REPLACED = 'replaced-';

/** Returns the folder with the snapshots of a data folder. */
export const snapshotsFolder = (dataDir: string): string => join(dataDir, 'snapshots');

/** Where `appflow downgrade` puts what it replaces, until it is done. */
export const downgradingFolder = (dataDir: string): string => join(dataDir, 'downgrading');

/** Returns the name of a folder that is removed two weeks after a time (RFC 3339). */
export const toFolderName = (at: string): string => at.replaceAll(':', '-');

/** Returns where `appflow downgrade` keeps what it replaces at a time (RFC 3339). */
export const replacedFolder = (dataDir: string, at: string): string =>
  join(dataDir, `${REPLACED}${toFolderName(at)}`);

/** Returns the snapshots in a data folder, oldest first, without those that are incomplete. Throws the system's error. */
export function listSnapshots(dataDir: string): Snapshot[] {
  const parent = snapshotsFolder(dataDir);
  // A downgrade takes the stores out of it, and removes what is left of it last.
  const required = existsSync(downgradingFolder(dataDir)) ? NOTE : 'control.db';
  return listNames(parent).flatMap((name) => {
    const folder = join(parent, name);
    const note = name.endsWith(DRAFT) || !existsSync(join(folder, required)) ? undefined : readNote(folder);
    return note === undefined ? [] : [{ folder, ...note }];
  });
}

function readNote(folder: string): SnapshotNote | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, NOTE), 'utf8')) as SnapshotNote;
  } catch {
    return undefined;
  }
}

const listNames = (folder: string): string[] => (existsSync(folder) ? readdirSync(folder).toSorted() : []);

/** Removes what a kill left of making or removing a snapshot. Rejects with the system's error. */
export async function removeDrafts(dataDir: string): Promise<void> {
  const parent = snapshotsFolder(dataDir);
  for (const name of listNames(parent)) if (name.endsWith(DRAFT)) await removeFolder(join(parent, name));
}

/** Removes a folder. One that is removed only in part is a draft. */
async function removeFolder(folder: string): Promise<void> {
  const draft = folder.endsWith(DRAFT) ? folder : `${folder}${DRAFT}`;
  if (draft !== folder) renameSync(folder, draft);
  await rm(draft, { recursive: true, force: true });
}

/**
 * Removes drafts, snapshots before the last one, and what is older than two weeks: snapshots, and what `appflow downgrade` replaced. Rejects
 * with the system's error.
 */
export async function removeOldSnapshots(dataDir: string, nowMs: number): Promise<void> {
  await removeDrafts(dataDir);
  const isOld = (name: string) => findTime(name) < nowMs - KEPT_MS;
  const parent = snapshotsFolder(dataDir);
  const old = listNames(parent).filter(isOld);
  const replaced = listNames(dataDir).filter(
    (name) => name.startsWith(REPLACED) && (isOld(name) || name.endsWith(DRAFT)),
  );
  const folders = new Set([
    // The release before this one restores only the last.
    ...listSnapshots(dataDir)
      .slice(0, -1)
      .map(({ folder }) => folder),
    ...old.map((name) => join(parent, name)),
    ...replaced.map((name) => join(dataDir, name)),
  ]);
  for (const folder of folders) await removeFolder(folder);
}

/** Returns the time in the name of a folder, in epoch milliseconds; NaN without one, so that it is never old. */
function findTime(name: string): number {
  const [, hour, minute, second] = /(\d{4}-\d\d-\d\dT\d\d)-(\d\d)-(\d\d\.\d{3}Z)$/.exec(name) ?? [];
  return Date.parse(`${hour}:${minute}:${second}`);
}

/** Removes old snapshots now and every day. Returns the function that stops it. */
export function startRemovingSnapshots(dataDir: string, clock: Clock, log: Log): () => Promise<void> {
  return runPeriodically({
    everyMs: DAY_MS,
    run: () => removeOldSnapshots(dataDir, clock.now()),
    // It must not stop a start.
    onError: (err) => log.warn({ err }, 'old snapshots could not be removed'),
  });
}
