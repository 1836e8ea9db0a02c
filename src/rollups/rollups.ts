import type { Day, DayRange } from '../lib/calendar.ts';
import { HOUR_MS, SECOND_MS } from '../lib/durations.ts';
import { runPeriodically } from '../lib/periodic.ts';
import { bind } from '../warehouse/engine/bind.ts';
import type { EventRow } from '../warehouse/event-row.ts';
import { readLink } from '../warehouse/persons/read-reserved.ts';
import type { FoundDays } from './app-days.ts';
import { deriveChanged } from './derive-changed.ts';
import { writeRolledDays } from './rollup-days.ts';
import { type AppIds, createState, daysOf, nextNumber, type RollupServices, type State } from './state.ts';

/** The days of each app, rolled up: sums per user and per value, derived from the events. */
export type Rollups = {
  /**
   * Returns the days of a range that are rolled up, and those with events that are not in the rollups. Undefined if all of it
   * must be read from the events: the rollups are of another time zone, or not complete yet.
   */
  find(app: AppIds, timezone: string, range: DayRange): FoundDays | undefined;
  /**
   * Call it before stored events of these days are deleted or changed: the days are read from the events until they are
   * derived again, also after a restart. Resolves once that is on disk; rejects with StorageError.
   */
  invalidate(app: AppIds, days: readonly Day[]): Promise<void>;
  /** Deletes what rollups contain of these users of an app, up to the last `invalidate`; also versions of days that do not count. Rejects with StorageError. */
  forgetUsers(app: AppIds, userIds: readonly string[]): Promise<void>;
  /** Derives every day that has changed, now. Rejects with StorageError. */
  settle(): Promise<void>;
  close(): Promise<void>;
};

const EVERY_MS = 5 * SECOND_MS;
/** Deriving takes at most a twentieth of one processor, however much changes. */
const REST_FACTOR = 20;

/**
 * Opens the rollups. What is stored of them is checked and read in the background, and what has changed since is derived; until
 * then, queries read the events.
 */
export function openRollups(services: RollupServices): Rollups {
  const { warehouse, log } = services;
  const state = createState(services);
  warehouse.onStored((rows, block) => noteRows(state, rows, block));
  let running: Promise<void> = Promise.resolve();
  let restUntilMs = 0;

  function settle(): Promise<void> {
    running = running.catch(() => {}).then(() => deriveChanged(state, log));
    return running;
  }

  async function settleInTurn(): Promise<void> {
    if (performance.now() < restUntilMs) return;
    const startedMs = performance.now();
    await settle().finally(() => {
      restUntilMs = performance.now() + REST_FACTOR * (performance.now() - startedMs);
    });
  }

  const stop = runPeriodically({
    everyMs: EVERY_MS,
    run: settleInTurn,
    onError(err) {
      if (state.isStopped) return;
      log.warn({ err }, 'rollups could not be derived; tried again, queries read the events');
    },
  });
  return {
    find(app, timezone, range) {
      if (!state.isRestored) return undefined;
      const days = daysOf(state, app);
      return days?.timezone === timezone && days.isComplete() ? days.find(range) : undefined;
    },
    async invalidate({ id, projectId }, days) {
      // A restore that is running would mark these days as current again.
      if (!state.isRestored) await settle();
      const known = daysOf(state, { id, projectId });
      known?.forget(days);
      // Links are deleted with events, and what was without effect may have one then.
      known?.noteRelinked();
      state.knownLinks.clear();
      const timezone = known?.timezone ?? '';
      const number = nextNumber(state);
      state.invalidated.set(id, number);
      await writeRolledDays(
        state.gateway,
        days.map((day) => ({ projectId, appId: id, timezone, day, version: 0, rowCount: 0, block: 0 })),
        number,
      );
    },
    forgetUsers: (app, userIds) => forgetUsers(state, app, userIds),
    settle,
    async close() {
      state.isStopped = true;
      await stop();
      await running.catch(() => {});
    },
  };
}

/**
 * Later versions contain only what those users do after they were erased. `maintenance` has one connection, so no copy to `linked_days` reads
 * rows before they are deleted and writes them afterwards, unless the outcome of a copy is unknown: then until the next start.
 */
async function forgetUsers(
  { gateway, invalidated }: State,
  { id, projectId }: AppIds,
  userIds: readonly string[],
): Promise<void> {
  for (const table of ['user_days', 'user_day_values', 'linked_days']) {
    const sql = `ALTER TABLE ${table} DELETE WHERE project_id = {project_id:String} AND app_id = {app_id:String}
      AND version < {version:UInt64} AND has(arrayMap(user_id -> sipHash64(user_id), {user_ids:Array(String)}), user)
      SETTINGS mutations_sync = 2`;
    const params = {
      project_id: projectId,
      app_id: id,
      version: invalidated.get(id) ?? 0,
      user_ids: userIds,
    };
    await gateway.command(bind(sql, params));
  }
}

/** Some 20 MB. */
const KNOWN_LINKS_MAX = 100_000;

/** A link that was there earlier has no effect (see `resolveLinks`): apps may send it at each start. */
function noteLink(state: State, row: EventRow): void {
  const link = readLink(row);
  if (link === undefined) return;
  const { anonymousId, appUserId, timestamp } = link;
  const key = JSON.stringify([row.app_id, anonymousId, appUserId]);
  const { knownLinks } = state;
  const knownMs = knownLinks.get(key);
  if (knownMs !== undefined && knownMs < timestamp) return;
  if (knownLinks.size >= KNOWN_LINKS_MAX) knownLinks.clear();
  knownLinks.set(key, timestamp);
  const days = daysOf(state, { id: row.app_id, projectId: row.project_id });
  days?.newLinks.add(anonymousId).add(appUserId);
  days?.noteRelinked();
}

function noteRows(state: State, rows: readonly EventRow[], block: number): void {
  const isLate = block <= state.noted;
  state.hasLate ||= isLate;
  state.noted = Math.max(state.noted, block);
  let [lastApp, lastHour] = ['', 0];
  for (const row of rows) {
    const { project_id, app_id, timestamp } = row;
    if (row.event_name === '$identify') noteLink(state, row);
    const hour = Math.floor(timestamp / HOUR_MS);
    if (app_id === lastApp && hour === lastHour) continue;
    [lastApp, lastHour] = [app_id, hour];
    const days = daysOf(state, { id: app_id, projectId: project_id });
    // A day may be rolled up to a later block, without these rows.
    if (isLate) days?.forgetHour(hour);
    else days?.noteHour(hour);
  }
}
