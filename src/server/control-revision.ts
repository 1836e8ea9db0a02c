import { join } from 'node:path';
import type { Control } from '../control/control.ts';
import { ACCEPT } from '../control/integrity/control-losses.ts';
import type { Clock } from '../lib/clock.ts';
import { SECOND_MS } from '../lib/durations.ts';
import { messageOf } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';
import { runPeriodically } from '../lib/periodic.ts';
import { readSealedFile, writeSealedFile } from '../warehouse/integrity/sealed-file.ts';
import { findEventsId, findStoreId, type StorePaths } from './store-pair.ts';

/** What the event store notes of the control database: at which revision it was, and when that was noted. */
export type NotedRevision = { store: string; revision: number; at: string };

type ReadableControl = Pick<Control, 'db' | 'readRevision'>;

const noteFile = (eventsDir: string) => join(eventsDir, 'control-revision.json');

/** Returns what the event store notes of the control database. Call it before that is opened, since others change both. */
export async function readNotedRevision(eventsDir: string): Promise<NotedRevision | undefined> {
  const read = await readSealedFile(noteFile(eventsDir));
  // Without it, only this comparison is missing.
  return typeof read === 'string' ? undefined : (read.value as NotedRevision);
}

/**
 * Returns why a control database is not the latest one, with what to do; undefined if it is. A revision is noted only after
 * it was stored, so neither a crash nor another process can make it look older than it is.
 */
export async function findOlderProblem(
  control: ReadableControl,
  { control: place, eventsDir }: StorePaths,
  noted: NotedRevision | undefined,
): Promise<string | undefined> {
  if (noted === undefined || noted.store !== (await findStoreId(control))) return undefined;
  if ((await control.readRevision()) >= noted.revision) return undefined;
  return (
    `${place.name} is older than ${eventsDir}: it lacks changes that were stored by ${noted.at}. API keys that were ` +
    'revoked and members that were removed since may have access again. Restore the whole data folder from one backup, ' +
    `or check the API keys, members and audit log. ${ACCEPT}`
  );
}

/** What noting a revision needs. */
export type NoteServices = {
  control: Pick<Control, 'db' | 'countRollbacks' | 'readRevision' | 'reportLoss'>;
  clock: Clock;
  log: Log;
};

/**
 * Reports a control database that is older than what was noted of it, until that is accepted, and notes its revision
 * instead. `noted` is from before it was opened.
 */
export async function reportOlder(
  services: NoteServices,
  paths: StorePaths,
  noted: NotedRevision | undefined,
): Promise<void> {
  const problem = await findOlderProblem(services.control, paths, noted);
  if (problem === undefined) return;
  services.log.error(problem);
  // A note that stays is compared again at the next start.
  if (services.control.reportLoss(problem)) await noteRevision(services, paths, { replaces: true });
}

/** Makes a copy from before this start recognizable even if nothing else changes. Called by servers and by commands that may write. */
export async function countStart({
  control: { db },
  log,
}: Pick<NoteServices, 'control' | 'log'>): Promise<void> {
  try {
    await db
      .updateTable('revision')
      .set((eb) => ({ value: eb('value', '+', 1) }))
      .where('id', '=', 1)
      .execute();
  } catch (err) {
    // Locked, or on a full disk: then changes before this start show only with the next one.
    log.debug({ err }, 'this start could not be counted');
  }
}

/**
 * Notes the revision of a control database in the event store that belongs to it, unless a later one is noted. Returns
 * false if that failed. Never rejects: an older note is still true.
 */
export async function noteRevision(
  { control, clock, log }: NoteServices,
  { eventsDir }: Pick<StorePaths, 'eventsDir'>,
  { replaces = false } = {},
): Promise<boolean> {
  try {
    const store = await findStoreId(control);
    if (store === undefined || store !== findEventsId(eventsDir)) return true;
    const revision = await control.readRevision();
    const noted = await readNotedRevision(eventsDir);
    if (!replaces && noted?.store === store && noted.revision >= revision) return true;
    const note: NotedRevision = { store, revision, at: new Date(clock.now()).toISOString() };
    await writeSealedFile(noteFile(eventsDir), note, `${noteFile(eventsDir)}.${process.pid}`);
    return true;
  } catch (error) {
    log.warn(`The revision of the control database could not be noted: ${messageOf(error)}`);
    return false;
  }
}

/** Reports that a running database lost changes, until that is accepted. */
function reportRollback({ control, clock, log }: NoteServices): void {
  const at = new Date(clock.now()).toISOString();
  const problem =
    `DATABASE_URL's database went back to an earlier state, as it does when a replica takes over without the last changes (noticed ${at}). ` +
    `API keys that were revoked and members that were removed before that may have access again. Check the API keys, members and audit log. ${ACCEPT}`;
  log.error(problem);
  control.reportLoss(problem);
}

/** Notes the revision within a second of each change, and reports rollbacks. Returns the function that stops it. */
export function startNotingRevisions(services: NoteServices, eventsDir: string): () => Promise<void> {
  let last = Number.NaN;
  let rollbacks = services.control.countRollbacks();
  return runPeriodically({
    everyMs: SECOND_MS,
    async run() {
      const revision = await services.control.readRevision();
      const replaces = services.control.countRollbacks() !== rollbacks;
      if (replaces) reportRollback(services);
      rollbacks = services.control.countRollbacks();
      if (revision === last && !replaces) return;
      // Otherwise it is noted a second later, such as when a full disk has room again.
      if (await noteRevision(services, { eventsDir }, { replaces })) last = revision;
    },
    onError: (err) => services.log.debug({ err }, 'the control database cannot be read'),
  });
}
