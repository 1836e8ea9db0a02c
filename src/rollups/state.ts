import type { App } from '../directory/app.ts';
import type { Directory } from '../directory/directory.ts';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { Warehouse } from '../warehouse/open.ts';
import { type AppDays, createAppDays } from './app-days.ts';

/** An app by its ID, and the ID of its project. */
export type AppIds = Pick<App, 'id' | 'projectId'>;

/** The services that rollups need. */
export type RollupServices = {
  warehouse: Pick<Warehouse, 'query' | 'maintenance' | 'onStored'>;
  directory: Pick<Directory, 'listProjects' | 'listApps' | 'findApp'>;
  clock: Clock;
  log: Log;
};

/** What the rollups know, in memory. */
export type State = {
  gateway: Warehouse['maintenance'];
  directory: RollupServices['directory'];
  clock: Clock;
  apps: Map<string, { projectId: string; days: AppDays }>;
  /** Runs after everything that is acknowledged was inserted. */
  query: Warehouse['query'];
  /** The highest block of which rows were noted. */
  noted: number;
  /** Whether rows of a block below it were noted since the changed days were taken: it does not say that all days up to it are listed. */
  hasLate: boolean;
  isRestored: boolean;
  /** The highest number that was given to a version or to something written. */
  number: number;
  /** Links that were noted, by app and IDs, with their earliest time; not all of them. */
  knownLinks: Map<string, number>;
  /** The number of the latest invalidation of each app. */
  invalidated: Map<string, number>;
  isStopped: boolean;
};

/** Returns the state of rollups of which nothing is known yet. */
export const createState = ({ warehouse, directory, clock }: RollupServices): State => ({
  ...{ gateway: warehouse.maintenance, query: warehouse.query, directory, clock },
  ...{
    apps: new Map(),
    noted: 0,
    hasLate: false,
    isRestored: false,
    number: 0,
    knownLinks: new Map(),
    invalidated: new Map(),
    isStopped: false,
  },
});

/** Returns a number above all before, also those before a restart; `parity` is its last bit. */
export function nextNumber(state: State, parity?: 0 | 1): number {
  state.number = Math.max(state.number + 1, state.clock.now() * 1_000);
  if (parity !== undefined && state.number % 2 !== parity) state.number += 1;
  return state.number;
}

/** Returns the days of an app in its current time zone: in another one, all must be derived again. */
export function daysOf({ directory, apps }: State, { id, projectId }: AppIds): AppDays | undefined {
  const timezone = directory.findApp(id)?.timezone;
  const known = apps.get(id);
  if (timezone === undefined || known?.days.timezone === timezone) return known?.days;
  const days = createAppDays(timezone);
  apps.set(id, { projectId, days });
  return days;
}

/** Throws if the rollups are closing. */
export function requireOpen({ isStopped }: State): void {
  if (isStopped) throw new Error('The rollups are closing.');
}
