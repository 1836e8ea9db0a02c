import type { EventQuery } from '../../api/answers.ts';
import { addDays, dayAt, parseWantedDays, resolveDays, startOfDay } from '../../lib/day-range.ts';
import { hoursOf } from './event-range.ts';

/** The part of a URL's query that chooses events. */
export type EventSearch = {
  event_name?: string[];
  user?: string;
  session?: string;
  event?: string;
  property?: string[];
  /** `1h`, `24h`, days as in `day-range.ts`; absent: all time. */
  range?: string | undefined;
};

/** What can be filtered by, in the order it is offered. */
export const FIELDS = {
  event_name: { label: 'Event name', placeholder: 'purchase_complete', isList: true, lengthMax: 64 },
  user: { label: 'User id', placeholder: 'user_123', isList: false, lengthMax: 256 },
  session: { label: 'Session id', placeholder: 's_9', isList: false, lengthMax: 128 },
  event: { label: 'Event id', placeholder: '01J…', isList: false, lengthMax: 128 },
  property: { label: 'Property', placeholder: 'pro_monthly', isList: true, lengthMax: 900 },
} as const;

export type Field = keyof typeof FIELDS;

export const FIELD_NAMES = ['event_name', 'user', 'session', 'event', 'property'] as const;

const NAMES_MAX = 50;
const PROPERTIES_MAX = 10;

/** One filter that is set, as it is shown and taken away. */
export type SetFilter = { field: Field; value: string };

/** Returns the filters of a URL; the range is none of them. */
export function listFilters(search: EventSearch): SetFilter[] {
  return FIELD_NAMES.flatMap((field) => {
    const value = search[field];
    const values = Array.isArray(value) ? value : value === undefined ? [] : [value];
    return values.map((one) => ({ field, value: one }));
  });
}

/** Returns what a filter says: `plan is pro`. */
export function describeFilter({ field, value }: SetFilter): { name: string; value: string } {
  const mark = value.indexOf(':');
  if (field === 'property' && mark > 0) return { name: value.slice(0, mark), value: value.slice(mark + 1) };
  return { name: FIELDS[field].label, value };
}

/** Returns the search with one filter more; of fields that hold one value, the new one stays. */
export function addFilter<Search extends EventSearch>(search: Search, { field, value }: SetFilter): Search {
  if (field !== 'event_name' && field !== 'property') return { ...search, [field]: value };
  const most = field === 'property' ? PROPERTIES_MAX : NAMES_MAX;
  return { ...search, [field]: [...new Set([...(search[field] ?? []), value])].slice(0, most) };
}

/** Returns the search without one filter. */
export function removeFilter<Search extends EventSearch>(
  search: Search,
  { field, value }: SetFilter,
): Search {
  const rest = { ...search };
  delete rest[field];
  if (field !== 'event_name' && field !== 'property') return rest;
  const left = (search[field] ?? []).filter((one) => one !== value);
  return left.length > 0 ? { ...rest, [field]: left } : rest;
}

/** Returns the search without filters and range. */
export function clearFilters<Search extends EventSearch>(search: Search): Search {
  const rest = { ...search };
  for (const name of [...FIELD_NAMES, 'range'] as const) delete rest[name];
  return rest;
}

const HOUR_MS = 3_600_000;

/** Returns from when (inclusive) to when (exclusive) a range reaches, as of `nowMs`; nothing for all time. */
export function timesOf(
  range: string | undefined,
  timezone: string,
  nowMs: number,
): { from?: string; to?: string } {
  const hours = hoursOf(range);
  if (hours !== undefined) return { from: new Date(nowMs - hours * HOUR_MS).toISOString() };
  const wanted = parseWantedDays(range);
  if (wanted === undefined) return {};
  const { first, last } = resolveDays(wanted, dayAt(timezone, nowMs));
  const from = new Date(startOfDay(first, timezone)).toISOString();
  // The last days have no end: events may be dated a little ahead.
  if ('days' in wanted) return { from };
  return { from, to: new Date(startOfDay(addDays(last, 1), timezone)).toISOString() };
}

/** Returns the parameters with which the API searches, and exports, these events. */
export function apiQuery(
  search: EventSearch,
  { appId, timezone, nowMs }: { appId: string | undefined; timezone: string; nowMs: number },
): EventQuery {
  return {
    app_id: appId,
    event_name: search.event_name,
    app_user_id: search.user,
    session_id: search.session,
    event_id: search.event,
    property: search.property,
    ...timesOf(search.range, timezone, nowMs),
  };
}
