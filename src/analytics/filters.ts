import { type Static, Type } from 'typebox';
import type { Caller } from '../api/caller.ts';
import { ApiError } from '../api/errors.ts';
import type { App } from '../directory/app.ts';
import type { Clock } from '../lib/clock.ts';
import type { closedObject } from '../lib/schema.ts';
import type { Warehouse } from '../warehouse/open.ts';
import type { DayRange } from './calendar.ts';

/** What answering a query takes. */
export type AnalyticsServices = { warehouse: Warehouse; clock: Clock };

const VALUES_MAX = 50;

const repeatable = (what: string) =>
  Type.Optional(
    Type.Array(Type.String({ maxLength: 128 }), {
      maxItems: VALUES_MAX,
      description: `Only events of this ${what}; repeatable: any of these.`,
    }),
  );

/** The columns of an event that numbers can be narrowed by. */
export const FILTERS = ['platform', 'country', 'app_version', 'event_name'] as const;

/** The query parameters every question takes. */
export const COMMON_QUERY = {
  app_id: Type.Optional(Type.String({ description: 'Required when the key reaches several apps.' })),
  timezone: Type.Optional(
    Type.String({
      format: 'timezone',
      description: 'IANA name: days begin at its midnight. Default the time zone of the app.',
    }),
  ),
  platform: repeatable('platform'),
  country: repeatable('country'),
  app_version: repeatable('app version'),
  event_name: repeatable('name'),
};

type CommonQuery = Static<ReturnType<typeof closedObject<typeof COMMON_QUERY>>>;

/** The values each filter lets pass; a filter that was not given is absent. */
export type Filters = Partial<Record<(typeof FILTERS)[number], string[]>>;

/** Which events numbers are about: one app of one project, seen in one time zone. */
export type QueryScope = {
  app: App;
  timezone: string;
  filters: Filters;
  /** false leaves out revenue that came with a client key, which everyone holding the app can read. */
  countsUnverifiedRevenue: boolean;
};

/** Events of a scope on some of its calendar days. */
export type AnalyticsQuery = QueryScope & { range: DayRange };

/** Returns what the common parameters ask for. Throws 422 `app_required` when it is open which app is meant. */
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
    countsUnverifiedRevenue: project.countUnverifiedRevenue,
  };
}
