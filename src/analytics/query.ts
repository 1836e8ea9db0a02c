import { type Static, Type } from 'typebox';
import type { Caller } from '../api/caller.ts';
import { ApiError } from '../api/errors.ts';
import { requireScope } from '../api/permission.ts';
import { ALL_APPS, listAllowedApps } from '../api/resources.ts';
import type { App } from '../directory/app.ts';
import type { Directory } from '../directory/directory.ts';
import { type PropertyFilter, parsePropertyFilter, propertyPattern } from '../events/property-filter.ts';
import type { DayRange } from '../lib/calendar.ts';
import type { Clock } from '../lib/clock.ts';
import type { closedObject } from '../lib/schema.ts';
import type { Rollups } from '../rollups/rollups.ts';
import type { Warehouse } from '../warehouse/open.ts';

/** What a statement of a query reads. */
export type QueryServices = { warehouse: Pick<Warehouse, 'query'>; rollups: Rollups };

/** The services that answering a query needs. */
export type AnalyticsServices = {
  warehouse: Warehouse;
  rollups: Rollups;
  directory: Directory;
  clock: Clock;
};

const VALUES_MAX = 50;
const PROPERTY_FILTERS_MAX = 20;
const PROPERTY_NAME_MAX = 128;

const repeatable = (what: string) =>
  Type.Optional(
    Type.Array(Type.String({ maxLength: 128 }), {
      maxItems: VALUES_MAX,
      description: `Only events with this ${what}; repeat it for several.`,
    }),
  );

const propertyFilter = (description: string) =>
  Type.Optional(
    Type.Array(Type.String({ pattern: propertyPattern(PROPERTY_NAME_MAX), maxLength: 1_000 }), {
      maxItems: PROPERTY_FILTERS_MAX,
      description: `${description} Repeat it for several: values of the same name are alternatives, different names must all match.`,
    }),
  );

/** The event columns that a query can filter by. */
export const FILTERS = ['platform', 'country', 'app_version', 'event_name'] as const;

/** The filters of every query. */
export const FILTER_QUERY = {
  platform: repeatable('platform'),
  country: repeatable('country'),
  app_version: repeatable('app version'),
  event_name: repeatable('name'),
  property: propertyFilter(
    'Only events with this property, as `NAME:VALUE`, such as `plan:pro`; requires `events:read`.',
  ),
  user_property: propertyFilter(
    'Only events of users whose property has this value now, as `NAME:VALUE`; requires `users:read`.',
  ),
};

/** The query parameters of every query. */
export const COMMON_QUERY = {
  app_id: Type.Optional(
    Type.String({
      description: `The app, or \`${ALL_APPS}\` for all apps that the key can access. Required if there are several.`,
    }),
  ),
  timezone: Type.Optional(
    Type.String({
      format: 'timezone',
      description: 'IANA name of the time zone that days start in (default: the time zone of the app).',
    }),
  ),
  ...FILTER_QUERY,
};

/** The parameters of a query that its scope is made from. */
export type CommonQuery = Static<ReturnType<typeof closedObject<typeof COMMON_QUERY>>>;

/** The allowed values of each filter; filters that were not sent are absent. */
export type Filters = Partial<Record<keyof typeof FILTER_QUERY, string[]>>;

/** Which events a query covers: those of some apps of one project, in one time zone. */
export type QueryScope = {
  projectId: string;
  /** At least one. */
  apps: readonly [App, ...App[]];
  /** The app's ID, or ALL_APPS. */
  appId: string;
  timezone: string;
  /** ISO 4217 code of the single `revenue` figure. */
  currency: string;
  filters: Filters;
  /** false leaves out revenue sent with a client key, which anyone who has the app can read. */
  includesUnverifiedRevenue: boolean;
  /** After how many days the project's events are deleted; null if they are kept. */
  retentionDays: number | null;
  /** Whether an ID may belong to a person of another ID. */
  hasLinks: boolean;
};

/** A scope and the calendar days to report. */
export type AnalyticsQuery = QueryScope & { range: DayRange };

/**
 * Returns the scope from the common parameters. Throws 422 `app_required` when it is unclear which app is meant, and 403
 * when a filter needs a scope that the caller lacks.
 */
export function parseQueryScope(
  { warehouse, directory }: Pick<AnalyticsServices, 'warehouse' | 'directory'>,
  caller: Caller,
  app: App | undefined,
  query: CommonQuery,
): QueryScope {
  const { project, principal } = caller;
  const [first, ...others] =
    query.app_id === ALL_APPS ? listAllowedApps(directory, caller) : app === undefined ? [] : [app];
  if (first === undefined) throw new ApiError('app_required');
  // Both would reveal values by trying them out.
  if (query.property) requireScope(principal, 'events:read');
  if (query.user_property) requireScope(principal, 'users:read');
  return {
    projectId: project.id,
    apps: [first, ...others],
    appId: query.app_id === ALL_APPS ? ALL_APPS : first.id,
    timezone: query.timezone ?? first.timezone,
    currency: first.currency,
    filters: pickFilters(query),
    includesUnverifiedRevenue: project.countUnverifiedRevenue,
    retentionDays: project.retentionDays,
    hasLinks: warehouse.hasLinks(project.id),
  };
}

/** Returns the filters among the parameters. */
export function pickFilters(query: Filters): Filters {
  const filters: Filters = {};
  for (const name of [...FILTERS, 'property', 'user_property'] as const) {
    const values = query[name];
    if (values) filters[name] = values;
  }
  return filters;
}

/** Returns the values of each property that a filter names, by the property's name. */
export function groupPropertyFilters(texts: readonly string[] = []): Map<string, string[]> {
  const filters = texts.map((text): PropertyFilter => {
    const filter = parsePropertyFilter(text);
    if (filter === undefined) throw new Error('The schema accepted a property filter without a colon.');
    return filter;
  });
  const groups = Map.groupBy(filters, ({ name }) => name);
  return new Map([...groups].map(([name, of]) => [name, of.map(({ value }) => value)]));
}
