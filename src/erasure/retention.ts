import type { Directory } from '../directory/directory.ts';
import type { Project } from '../directory/project.ts';
import type { Clock } from '../lib/clock.ts';
import { DAY_MS, MINUTE_MS, SECOND_MS } from '../lib/durations.ts';
import type { Log } from '../lib/log.ts';
import { runPeriodically } from '../lib/periodic.ts';
import { type Deletion, deletedEvents } from '../warehouse/integrity/deletion.ts';
import type { Warehouse } from '../warehouse/open.ts';
import { type InvalidateDays, withNeighbors } from './rolled-days.ts';

/** What deleting old events needs. */
export type RetentionServices = {
  warehouse: Pick<Warehouse, 'query' | 'deleteEvents' | 'forgetIds'>;
  directory: Pick<Directory, 'listProjects'>;
  clock: Clock;
  log: Log;
  invalidateDays: InvalidateDays;
};

/** Returns the first moment that a project keeps events of, epoch milliseconds (a midnight of UTC); undefined if all are kept. */
export function findRetainedFrom(
  { retentionDays }: Pick<Project, 'retentionDays'>,
  now: number,
): number | undefined {
  if (retentionDays === null) return undefined;
  return Math.floor(now / DAY_MS) * DAY_MS - retentionDays * DAY_MS;
}

const SCAN_MS = 600_000;

/** Deletes the events that a project no longer keeps, and returns how many there were. Rejects with StorageError. */
export async function deleteOldEvents(services: RetentionServices, project: Project): Promise<number> {
  const { warehouse, clock, invalidateDays } = services;
  const retainedFrom = findRetainedFrom(project, clock.now());
  if (retainedFrom === undefined) return 0;
  const deletion = { projectId: project.id, to: retainedFrom - 1 };
  const apps = await listDays(services, deletion);
  if (apps.length === 0) return 0;
  const invalidate = async () => {
    for (const { app_id: id, days } of apps) {
      await invalidateDays({ id, projectId: project.id }, withNeighbors(days));
    }
  };
  await invalidate();
  await warehouse.deleteEvents(deletion);
  // Again: they may have been derived while the events were being deleted.
  await invalidate();
  return apps.reduce((sum, { events }) => sum + Number(events), 0);
}

type AppDays = { app_id: string; events: string; days: number[] };

async function listDays({ warehouse }: RetentionServices, deletion: Deletion): Promise<AppDays[]> {
  const { sql, params } = deletedEvents(deletion);
  return await warehouse.query<AppDays>(
    `SELECT app_id, count() AS events,
      groupUniqArray(toInt32(intDiv(toUnixTimestamp64Milli(timestamp), ${DAY_MS}))) AS days
    FROM events WHERE ${sql} GROUP BY app_id`,
    { ...params, project_id: deletion.projectId },
    { timeoutMs: SCAN_MS },
  );
}

const CHECK_EVERY_MS = 10 * SECOND_MS;
/** After a failure, such as a full disk. */
const RETRY_MS = 10 * MINUTE_MS;

/**
 * Deletes old events each day, and soon after a project's setting has changed, one project after another. Returns the
 * function that stops it, which waits for the deletion that is running.
 */
export function startRetention(services: RetentionServices): () => Promise<void> {
  const { warehouse, clock, log } = services;
  const done = new Map<string, number>();
  let forgotIdsAt = clock.now();
  let isStopped = false;
  let retryAt = 0;

  async function run(): Promise<void> {
    if (clock.now() < retryAt) return;
    await deleteDue(services, done, () => isStopped);
    if (clock.now() < forgotIdsAt + DAY_MS) return;
    await warehouse.forgetIds();
    forgotIdsAt = clock.now();
  }

  const stop = runPeriodically({
    everyMs: CHECK_EVERY_MS,
    run,
    onError(err) {
      retryAt = clock.now() + RETRY_MS;
      if (!isStopped) log.error({ err }, 'deleting old events failed; it is tried again in 10 minutes');
    },
    startsNow: false,
  });
  return async () => {
    isStopped = true;
    await stop();
  };
}

/** `done` has the first moment kept, of the projects whose older events are deleted. */
async function deleteDue(
  services: RetentionServices,
  done: Map<string, number>,
  isStopped: () => boolean,
): Promise<void> {
  for (const project of services.directory.listProjects()) {
    const retainedFrom = findRetainedFrom(project, services.clock.now());
    if (isStopped()) return;
    if (retainedFrom === undefined) done.delete(project.id);
    if (retainedFrom === undefined || done.get(project.id) === retainedFrom) continue;
    const events = await deleteOldEvents(services, project);
    const what = { projectId: project.id, events };
    if (events > 0) services.log.info(what, 'events past their retention were deleted');
    done.set(project.id, retainedFrom);
  }
}
