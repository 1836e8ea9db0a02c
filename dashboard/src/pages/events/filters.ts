import { FILTER_COUNT_MAX, FILTER_LENGTH_MAX } from '../../../../src/events/filter-maxima.ts';
import {
  type PropertyCondition,
  type PropertyOperator,
  parsePropertyCondition,
  renderPropertyCondition,
} from '../../../../src/events/property-condition.ts';
import { parsePropertyFilter, renderPropertyFilter } from '../../../../src/events/property-filter.ts';
import { HOUR_MS } from '../../../../src/lib/durations.ts';
import type { EventQuery } from '../../api/answers.ts';
import type { FilterWords } from '../../components/filters/filter-chips.tsx';
import { addDays, dayAt, parseDaySelection, resolveDays, startOfDay } from '../../lib/day-range.ts';
import { valueLabel } from '../../lib/dimensions.ts';
import { parseHours } from './event-range.ts';

/** The filters in the URL. */
export type EventSearch = {
  event_name?: string[];
  user?: string;
  /** Events of all IDs of the person that this ID belongs to. */
  person?: string;
  session?: string;
  event?: string;
  platform?: string;
  country?: string;
  app_version?: string;
  property?: string[];
  /** NAME:OPERATOR:VALUE. */
  where?: string[];
  /** `1h`, `24h`, or days as in `day-range.ts`; absent: all time. */
  range?: string | undefined;
};

/** The fields to filter by, in display order. */
export const FIELDS = {
  event_name: {
    label: 'Event name',
    placeholder: 'purchase_complete',
    isList: true,
    lengthMax: FILTER_LENGTH_MAX.event_name,
  },
  user: {
    label: 'User ID',
    placeholder: 'user_123',
    isList: false,
    lengthMax: FILTER_LENGTH_MAX.app_user_id,
  },
  person: {
    label: 'User (all IDs)',
    placeholder: 'user_123',
    isList: false,
    lengthMax: FILTER_LENGTH_MAX.app_user_id,
  },
  session: {
    label: 'Session ID',
    placeholder: 's_9',
    isList: false,
    lengthMax: FILTER_LENGTH_MAX.session_id,
  },
  event: { label: 'Event ID', placeholder: '01J…', isList: false, lengthMax: FILTER_LENGTH_MAX.event_id },
  platform: {
    label: 'Platform',
    placeholder: 'ios',
    isList: false,
    lengthMax: FILTER_LENGTH_MAX.platform,
  },
  country: { label: 'Country', placeholder: 'DE', isList: false, lengthMax: FILTER_LENGTH_MAX.country },
  app_version: {
    label: 'App version',
    placeholder: '2.4.0',
    isList: false,
    lengthMax: FILTER_LENGTH_MAX.app_version,
  },
  property: { label: 'Property', placeholder: 'pro_monthly', isList: true, lengthMax: 900 },
  where: { label: 'Property', placeholder: 'pro_monthly', isList: true, lengthMax: 900 },
} as const;

export type Field = keyof typeof FIELDS;

export const FIELD_NAMES = [
  'event_name',
  'user',
  'person',
  'session',
  'event',
  'platform',
  'country',
  'app_version',
  'property',
  'where',
] as const;

/** Those that the form offers: a property with another operator than `is` is kept in `where`. */
export const OFFERED_FIELDS = FIELD_NAMES.filter((name) => name !== 'where');

/** One active filter. */
export type ActiveFilter = { field: Field; value: string };

/** Returns the active filters of a URL, without the range. */
export function listFilters(search: EventSearch): ActiveFilter[] {
  return FIELD_NAMES.flatMap((field) => {
    const value = search[field];
    const values = Array.isArray(value) ? value : value === undefined ? [] : [value];
    return values.map((one) => ({ field, value: one }));
  });
}

/** What the operators are called. */
export const OPERATOR_WORDS: Record<PropertyOperator, string> = {
  is: 'is',
  is_not: 'is not',
  contains: 'contains',
  exists: 'exists',
  gt: 'is greater than',
  lt: 'is less than',
};

/** Returns a filter in words. */
export function describeFilter({ field, value }: ActiveFilter): FilterWords {
  const condition = field === 'where' ? parsePropertyCondition(value) : 'none';
  if (typeof condition === 'object') {
    const relation = OPERATOR_WORDS[condition.op];
    return { name: condition.property || '""', relation, value: condition.value };
  }
  const property = field === 'property' ? parsePropertyFilter(value) : undefined;
  if (property) return { name: property.name || '""', relation: 'is', value: property.value };
  const isNamed = field === 'platform' || field === 'country';
  return { name: FIELDS[field].label, relation: 'is', value: isNamed ? valueLabel(field, value) : value };
}

/** Returns the filter for a property: the oldest form for `is`, so that links of older releases stay the same. */
export function propertyFilterOf(condition: PropertyCondition): ActiveFilter {
  const { property: name, op, value } = condition;
  if (op === 'is') return { field: 'property', value: renderPropertyFilter({ name, value }) };
  return { field: 'where', value: renderPropertyCondition(condition) };
}

type ListField = 'event_name' | 'property' | 'where';

const isListField = (field: Field): field is ListField => FIELDS[field].isList;

/** Returns the search with one more filter. A field with a single value is replaced. */
export function addFilter<Search extends EventSearch>(
  search: Search,
  { field, value }: ActiveFilter,
): Search {
  if (!isListField(field)) return { ...search, [field]: value };
  const most = FILTER_COUNT_MAX[field];
  return { ...search, [field]: [...new Set([...(search[field] ?? []), value])].slice(0, most) };
}

/** Returns the search without one filter. */
export function removeFilter<Search extends EventSearch>(
  search: Search,
  { field, value }: ActiveFilter,
): Search {
  const rest = { ...search };
  delete rest[field];
  if (!isListField(field)) return rest;
  const left = (search[field] ?? []).filter((one) => one !== value);
  return left.length > 0 ? { ...rest, [field]: left } : rest;
}

/** Returns the search without filters and range. */
export function clearFilters<Search extends EventSearch>(search: Search): Search {
  const rest = { ...search };
  for (const name of [...FIELD_NAMES, 'range'] as const) delete rest[name];
  return rest;
}

/** Returns the start (inclusive) and end (exclusive) of a range as of `nowMs`; neither for all time. */
export function resolveTimes(
  range: string | undefined,
  timezone: string,
  nowMs: number,
): { from?: string; to?: string } {
  const hours = parseHours(range);
  if (hours !== undefined) return { from: new Date(nowMs - hours * HOUR_MS).toISOString() };
  const days = parseDaySelection(range);
  if (days === undefined) return {};
  const { first, last } = resolveDays(days, dayAt(timezone, nowMs));
  const from = new Date(startOfDay(first, timezone)).toISOString();
  // Relative ranges have no end: events may be dated slightly in the future.
  if ('days' in days || ('named' in days && days.named !== 'yesterday')) return { from };
  return { from, to: new Date(startOfDay(addDays(last, 1), timezone)).toISOString() };
}

/** Returns the API query that searches and exports these events. */
export function toEventQuery(
  search: EventSearch,
  { appId, timezone, nowMs }: { appId: string | undefined; timezone: string; nowMs: number },
): EventQuery {
  return {
    app_id: appId,
    event_name: search.event_name,
    app_user_id: search.user,
    person: search.person,
    session_id: search.session,
    event_id: search.event,
    platform: search.platform,
    country: search.country,
    app_version: search.app_version,
    property: search.property,
    where: search.where,
    ...resolveTimes(search.range, timezone, nowMs),
  };
}
