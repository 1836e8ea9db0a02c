import type { App } from '../directory/app.ts';
import type { Directory } from '../directory/directory.ts';
import type { Day, DayRange } from '../lib/calendar.ts';
import type { Clock } from '../lib/clock.ts';
import { HOUR_MS, SECOND_MS } from '../lib/durations.ts';
import type { Log } from '../lib/log.ts';
import { runPeriodically } from '../lib/periodic.ts';
import { bind } from '../warehouse/engine/bind.ts';
import type { Gateway } from '../warehouse/engine/gateway.ts';
import type { EventRow } from '../warehouse/event-row.ts';
import type { Warehouse } from '../warehouse/open.ts';
import { type AppDays, createAppDays, type FoundDays } from './app-days.ts';
import { deriveDays, splitDays } from './derive-days.ts';
import {
  areIntact,
  countRows,
  type EventHour,
  emptyRollups,
  listHoursOf,
  listHoursSince,
  readRolledDays,
  writeBlock,
  writeRolledDays,
} from './rollup-days.ts';

type AppIds = Pick<App, 'id' | 'projectId'>;

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
  /** Deletes what rollups contain of these users of an app, also versions of days that no longer count. Rejects with StorageError. */
  forgetUsers(app: AppIds, userIds: readonly string[]): Promise<void>;
  /** Derives every day that has changed, now. Rejects with StorageError. */
  settle(): Promise<void>;
  close(): Promise<void>;
};

/** The services that rollups need. */
export type RollupServices = { warehouse: Warehouse; directory: Directory; clock: Clock; log: Log };

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
    onError: (err) => log.warn({ err }, 'rollups could not be derived; tried again, queries read the events'),
  });
  return {
    find(app, timezone, range) {
      const days = daysOf(state, app);
      return days?.timezone === timezone && days.isComplete() ? days.find(range) : undefined;
    },
    async invalidate({ id, projectId }, days) {
      const known = daysOf(state, { id, projectId });
      known?.forget(days);
      const timezone = known?.timezone ?? '';
      await writeRolledDays(
        state.gateway,
        days.map((day) => ({ projectId, appId: id, timezone, day, version: 0, rowCount: 0, block: 0 })),
        nextNumber(state),
      );
    },
    forgetUsers: (app, userIds) => forgetUsers(state.gateway, app, userIds),
    settle,
    async close() {
      state.isStopped = true;
      await stop();
      await running.catch(() => {});
    },
  };
}

async function forgetUsers(
  gateway: Pick<Gateway, 'command'>,
  { id, projectId }: AppIds,
  userIds: readonly string[],
): Promise<void> {
  for (const table of ['user_days', 'user_day_values']) {
    const sql = `ALTER TABLE ${table} DELETE WHERE project_id = {project_id:String} AND app_id = {app_id:String}
      AND has(arrayMap(user_id -> sipHash64(user_id), {user_ids:Array(String)}), user) SETTINGS mutations_sync = 2`;
    await gateway.command(bind(sql, { project_id: projectId, app_id: id, user_ids: userIds }));
  }
}

type State = {
  gateway: Warehouse['maintenance'];
  directory: Directory;
  clock: Clock;
  apps: Map<string, { projectId: string; days: AppDays }>;
  /** Runs after everything that is acknowledged was inserted. */
  query: Warehouse['query'];
  /** The highest block of which rows were noted. */
  noted: number;
  isRestored: boolean;
  /** The highest number that was given to a version or to something written. */
  number: number;
  isStopped: boolean;
};

const createState = ({ warehouse, directory, clock }: RollupServices): State => ({
  ...{ gateway: warehouse.maintenance, query: warehouse.query, directory, clock },
  ...{ apps: new Map(), noted: 0, isRestored: false, number: 0, isStopped: false },
});

/** Returns a number above all before, also those before a restart; `parity` is its last bit. */
function nextNumber(state: State, parity?: 0 | 1): number {
  state.number = Math.max(state.number + 1, state.clock.now() * 1_000);
  if (parity !== undefined && state.number % 2 !== parity) state.number += 1;
  return state.number;
}

/** Returns the days of an app in its time zone of now: in another one, all must be derived again. */
function daysOf({ directory, apps }: State, { id, projectId }: AppIds): AppDays | undefined {
  const timezone = directory.findApp(id)?.timezone;
  const known = apps.get(id);
  if (timezone === undefined || known?.days.timezone === timezone) return known?.days;
  const days = createAppDays(timezone);
  apps.set(id, { projectId, days });
  return days;
}

function noteRows(state: State, rows: readonly EventRow[], block: number): void {
  const isLate = block <= state.noted;
  state.noted = Math.max(state.noted, block);
  let [lastApp, lastHour] = ['', 0];
  for (const { project_id, app_id, timestamp } of rows) {
    const hour = Math.floor(timestamp / HOUR_MS);
    if (app_id === lastApp && hour === lastHour) continue;
    [lastApp, lastHour] = [app_id, hour];
    const days = daysOf(state, { id: app_id, projectId: project_id });
    // A day may be rolled up to a later block, without these rows.
    if (isLate) days?.forgetHour(hour);
    else days?.noteHour(hour);
  }
}

function noteHours(state: State, hours: readonly EventHour[]): void {
  for (const { app_id, hour } of hours) state.apps.get(app_id)?.days.noteHour(hour);
}

/** Reads what is stored, unless it is damaged: then everything is derived again. */
async function restore(state: State, log: Log): Promise<void> {
  const { gateway, directory } = state;
  const isIntact = await areIntact(gateway).catch(() => false);
  if (!isIntact) {
    log.warn('the rollups are damaged: they are derived from the events again');
    await emptyRollups(gateway);
  }
  const stored = await readRolledDays(gateway);
  state.number = Math.max(state.number, stored.written);
  const since = await listHoursSince(gateway, stored.block);
  const counts = await countRows(gateway);
  const found = new Map(counts.map((row) => [`${row.app_id} ${row.day} ${row.version}`, Number(row.rows)]));
  for (const { projectId, appId, timezone, day, version, rowCount, block } of stored.days) {
    if (directory.findApp(appId)?.timezone !== timezone) continue;
    const days = daysOf(state, { id: appId, projectId });
    // A part may be gone since.
    const isComplete = version > 0 && (found.get(`${appId} ${day} ${version}`) ?? 0) === rowCount;
    if (isComplete) days?.setRolled(day, { version, block });
    else days?.forget([day]);
    days?.setComplete();
  }
  // Apps that are not rolled up yet, such as all of them after an upgrade.
  for (const project of directory.listProjects()) {
    for (const { id } of directory.listApps(project.id)) daysOf(state, { id, projectId: project.id });
  }
  noteHours(state, since);
  state.noted = Math.max(state.noted, stored.block, await findHighestBlock(state));
  state.isRestored = true;
}

async function findHighestBlock({ gateway }: State): Promise<number> {
  const [row] = await gateway.query<{ highest: string }>('SELECT max(block) AS highest FROM events');
  return Number(row?.highest ?? 0);
}

/** Derives every day that has changed. What fails stays changed. */
async function deriveChanged(state: State, log: Log): Promise<void> {
  if (!state.isRestored) await restore(state, log);
  await completeApps(state);
  const block = state.noted;
  const work = [...state.apps].filter(([, { days }]) => days.hasChanged());
  if (work.length === 0) return;
  const taken = work.map(([appId, app]) => ({ appId, ...app, changed: app.days.takeChanged() }));
  for (const [index, { appId, projectId, days, changed }] of taken.entries()) {
    try {
      // Acknowledged events are in a log first, and inserted before any query.
      await state.query('SELECT 1');
      await deriveApp(state, { appId, projectId, days, changed, block });
    } catch (error) {
      for (const { days: left, changed: undone } of taken.slice(index)) left.putBack(undone);
      throw error;
    }
  }
  await writeBlock(state.gateway, block, nextNumber(state));
}

/** Finds all days of apps that are new here, or whose time zone has changed. */
async function completeApps(state: State): Promise<void> {
  for (const [appId, { projectId, days }] of state.apps) {
    if (days.isComplete()) continue;
    for (const { hour } of await listHoursOf(state.gateway, { projectId, appId })) days.noteHour(hour);
    days.setComplete();
  }
}

type ChangedApp = { appId: string; projectId: string; days: AppDays; changed: Day[]; block: number };

async function deriveApp(
  state: State,
  { appId, projectId, days, changed, block }: ChangedApp,
): Promise<void> {
  const { timezone } = days;
  // The version that queries read and the new one have different slots, so that merging never mixes them.
  const bySlot = Map.groupBy(changed, (day) => days.nextSlot(day));
  for (const [slot, ofSlot] of bySlot) {
    for (const step of await splitDays(state.gateway, { projectId, appId, days: ofSlot })) {
      if (state.isStopped) throw new Error('The rollups are closing.');
      const version = nextNumber(state, slot);
      await deriveDays(state.gateway, { projectId, appId, timezone, days: step, version, slot, block });
      // Days that were invalidated meanwhile may contain what is deleted now. The number of a later one is higher.
      const current = days.filterTaken(step);
      const counts = await countRows(state.gateway, {
        sql: 'project_id = {project_id:String} AND app_id = {app_id:String} AND version = {version:UInt64}',
        params: { project_id: projectId, app_id: appId, version },
      });
      const rowsOf = new Map(counts.map((row) => [row.day, Number(row.rows)]));
      const rolled = current.map((day) => {
        const rowCount = rowsOf.get(day) ?? 0;
        return { projectId, appId, timezone, day, version, rowCount, block };
      });
      await writeRolledDays(state.gateway, rolled, nextNumber(state));
      for (const day of days.filterTaken(current)) days.setRolled(day, { version, block });
    }
  }
}
