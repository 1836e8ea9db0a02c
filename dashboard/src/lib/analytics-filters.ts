import { parsePropertyFilter, renderPropertyFilter } from '../../../src/events/property-filter.ts';
import type { MemberScope } from '../api/answers.ts';

/** What metrics can be filtered by, in display order. */
export const FILTER_FIELDS = [
  'event_name',
  'platform',
  'country',
  'app_version',
  'property',
  'user_property',
] as const;

/** One of `FILTER_FIELDS`. */
export type FilterField = (typeof FILTER_FIELDS)[number];

/** How the fields are called, and the scope that a filter by one requires besides `analytics:read`. */
export const FILTER_LABELS: Record<FilterField, { label: string; scope?: MemberScope }> = {
  event_name: { label: 'Event name' },
  platform: { label: 'Platform' },
  country: { label: 'Country' },
  app_version: { label: 'App version' },
  property: { label: 'Property', scope: 'events:read' },
  user_property: { label: 'User property', scope: 'users:read' },
};

/** A filter of metrics; the value of a property is NAME:VALUE. */
export type AnalyticsFilter = { field: FilterField; value: string };

/** The filters as query parameters: values of one field are alternatives. */
export type AnalyticsFilters = Partial<Record<FilterField, string[]>>;

/** How many values of a field a query accepts. */
const maxOf = (field: FilterField) => (isPropertyField(field) ? 20 : 50);

/** Returns the filters of a URL's `filter`, each `FIELD:VALUE`. Unknown fields are left out. */
export function parseFilters(texts: readonly string[] = []): AnalyticsFilter[] {
  const filters = texts.flatMap((text) => {
    const field = FILTER_FIELDS.find((name) => text.startsWith(`${name}:`));
    return field === undefined ? [] : [{ field, value: text.slice(field.length + 1) }];
  });
  return FILTER_FIELDS.reduce(keepLast, filters);
}

/** Returns the `filter` of a URL. */
export const renderFilters = (filters: readonly AnalyticsFilter[]): string[] =>
  filters.map(({ field, value }) => `${field}:${value}`);

/** Returns the filters with one more, which is kept once. */
export function withFilter(filters: readonly AnalyticsFilter[], added: AnalyticsFilter): AnalyticsFilter[] {
  return keepLast([...withoutFilter(filters, added), added], added.field);
}

/** Leaves out the first filters of a field that has too many. */
function keepLast(filters: AnalyticsFilter[], field: FilterField): AnalyticsFilter[] {
  const tooMany = filters.filter((filter) => filter.field === field).slice(0, -maxOf(field));
  return tooMany.length === 0 ? filters : filters.filter((filter) => !tooMany.includes(filter));
}

/** Returns the filters without one. */
export function withoutFilter(filters: readonly AnalyticsFilter[], gone: AnalyticsFilter): AnalyticsFilter[] {
  return filters.filter(({ field, value }) => field !== gone.field || value !== gone.value);
}

/** Returns the filters as query parameters. */
export function toFilterQuery(filters: readonly AnalyticsFilter[]): AnalyticsFilters {
  const query: AnalyticsFilters = {};
  for (const { field, value } of filters) query[field] = [...(query[field] ?? []), value];
  return query;
}

/** Returns the filters of query parameters. */
export const fromFilterQuery = (query: AnalyticsFilters): AnalyticsFilter[] =>
  FILTER_FIELDS.flatMap((field) => (query[field] ?? []).map((value) => ({ field, value })));

/** Returns the filters as search parameters of Events, which takes one value of a field of the context, and no user properties. */
export function toEventsSearch(filters: readonly AnalyticsFilter[]) {
  const { event_name, property, platform, country, app_version } = toFilterQuery(filters);
  return {
    ...(event_name && { event_name }),
    ...(property && { property }),
    ...(platform?.[0] !== undefined && { platform: platform[0] }),
    ...(country?.[0] !== undefined && { country: country[0] }),
    ...(app_version?.[0] !== undefined && { app_version: app_version[0] }),
  };
}

type EventLike = {
  event_name: string;
  context: Readonly<Record<string, string>>;
  properties: Readonly<Record<string, unknown>>;
};

/** Whether an event passes the filters, as the server decides it; a user property is unknown here, and passes. */
export function passesFilters(event: EventLike, filters: readonly AnalyticsFilter[]): boolean {
  const groups = new Map<string, boolean>();
  for (const { field, value } of filters) {
    const property = isPropertyField(field) ? parsePropertyFilter(value) : undefined;
    const group = property ? `${field}:${property.name}` : field;
    groups.set(group, (groups.get(group) ?? false) || passes(event, { field, value }));
  }
  return [...groups.values()].every((isPassed) => isPassed);
}

function passes({ event_name, context, properties }: EventLike, { field, value }: AnalyticsFilter): boolean {
  if (field === 'event_name') return event_name === value;
  if (field === 'user_property') return true;
  if (field !== 'property') return (context[field] ?? '') === value;
  const wanted = parsePropertyFilter(value);
  if (wanted === undefined || !Object.hasOwn(properties, wanted.name)) return false;
  const found = properties[wanted.name];
  return (typeof found === 'string' ? found : JSON.stringify(found)) === wanted.value;
}

/** Whether the value of a field is NAME:VALUE. */
export const isPropertyField = (field: FilterField) => field === 'property' || field === 'user_property';

/** Returns a filter for a property. */
export const propertyFilter = (
  field: 'property' | 'user_property',
  name: string,
  value: string,
): AnalyticsFilter => ({ field, value: renderPropertyFilter({ name, value }) });
