import { type Static, Type } from 'typebox';
import type { Caller } from '../api/caller.ts';
import { ApiError } from '../api/errors.ts';
import type { App } from '../directory/app.ts';
import type { Clock } from '../lib/clock.ts';
import type { closedObject } from '../lib/schema.ts';
import type { Warehouse } from '../warehouse/open.ts';
import type { DayRange } from './calendar.ts';

/** The services that answering a query needs. */
export type AnalyticsServices = { warehouse: Warehouse; clock: Clock };

const VALUES_MAX = 50;

const repeatable = (what: string) =>
  Type.Optional(
    Type.Array(Type.String({ maxLength: 128 }), {
      maxItems: VALUES_MAX,
      description: `Only events with this ${what}; repeat it for several.`,
    }),
  );

/** The event columns that a query can filter by. */
export const FILTERS = ['platform', 'country', 'app_version', 'event_name'] as const;

/** The query parameters of every query. */
export const COMMON_QUERY = {
  app_id: Type.Optional(
    Type.String({ description: 'The app. Required if the key can access several apps.' }),
  ),
  timezone: Type.Optional(
    Type.String({
      format: 'timezone',
      description: 'IANA name of the time zone that days start in (default: the time zone of the app).',
    }),
  ),
  platform: repeatable('platform'),
  country: repeatable('country'),
  app_version: repeatable('app version'),
  event_name: repeatable('name'),
};

type CommonQuery = Static<ReturnType<typeof closedObject<typeof COMMON_QUERY>>>;

/** The allowed values of each filter; filters that were not sent are absent. */
export type Filters = Partial<Record<(typeof FILTERS)[number], string[]>>;

/** Which events a query covers: one app of one project, in one time zone. */
export type QueryScope = {
  app: App;
  timezone: string;
  filters: Filters;
  /** false leaves out revenue sent with a client key, which anyone who has the app can read. */
  includesUnverifiedRevenue: boolean;
};

/** A scope and the calendar days to report. */
export type AnalyticsQuery = QueryScope & { range: DayRange };

/** Returns the scope from the common parameters. Throws 422 `app_required` when it is unclear which app is meant. */
export function parseQueryScope({ project }: Caller, app: App | undefined, query: CommonQuery): QueryScope {
  if (!app) throw new ApiError('app_required');
  const filters: Filters = {};
  for (const name of FILTERS) {
    const values = query[name];
    if (values) filters[name] = values;
  }
  return {
    app,
    timezone: query.timezone ?? app.timezone,
    filters,
    includesUnverifiedRevenue: project.countUnverifiedRevenue,
  };
}
