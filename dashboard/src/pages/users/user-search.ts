import { FILTER_LENGTH_MAX } from '../../../../src/events/filter-maxima.ts';
import { parsePropertyFilter } from '../../../../src/events/property-filter.ts';
import type { UserQuery } from '../../api/answers.ts';
import { valueLabel } from '../../lib/dimensions.ts';

/** The search in the URL. */
export type UserSearch = {
  /** What the ID starts with. */
  q?: string;
  platform?: string;
  country?: string;
  app_version?: string;
  user_property?: string[];
};

/** The fields to filter by. */
export const USER_FIELDS = {
  platform: { label: 'Platform', placeholder: 'ios', lengthMax: FILTER_LENGTH_MAX.platform },
  country: { label: 'Country', placeholder: 'DE', lengthMax: FILTER_LENGTH_MAX.country },
  app_version: { label: 'App version', placeholder: '2.4.0', lengthMax: FILTER_LENGTH_MAX.app_version },
  user_property: { label: 'User property', placeholder: 'pro', lengthMax: 900 },
} as const;

export type UserField = keyof typeof USER_FIELDS;

/** In display order. */
export const USER_FIELD_NAMES = ['platform', 'country', 'app_version', 'user_property'] as const;

const PROPERTIES_MAX = 20;

/** One active filter. */
export type UserFilter = { field: UserField; value: string };

/** Returns the active filters of a URL, without the search by ID. */
export function listUserFilters(search: UserSearch): UserFilter[] {
  return USER_FIELD_NAMES.flatMap((field) => [search[field] ?? []].flat().map((value) => ({ field, value })));
}

/** Returns name and value of a filter for display: `plan is pro`. */
export function describeUserFilter({ field, value }: UserFilter): { name: string; value: string } {
  const property = field === 'user_property' ? parsePropertyFilter(value) : undefined;
  if (property) return { ...property, name: property.name || '""' };
  const isNamed = field === 'platform' || field === 'country';
  return { name: USER_FIELDS[field].label, value: isNamed ? valueLabel(field, value) : value };
}

/** Returns the search with one more filter. A field with a single value is replaced. */
export function addUserFilter<Search extends UserSearch>(
  search: Search,
  { field, value }: UserFilter,
): Search {
  if (field !== 'user_property') return { ...search, [field]: value };
  const values = [...new Set([...(search.user_property ?? []), value])];
  return { ...search, user_property: values.slice(0, PROPERTIES_MAX) };
}

/** Returns the search without one filter. */
export function removeUserFilter<Search extends UserSearch>(
  search: Search,
  { field, value }: UserFilter,
): Search {
  const rest = { ...search };
  delete rest[field];
  const left = field === 'user_property' ? (search.user_property ?? []).filter((one) => one !== value) : [];
  return left.length > 0 ? { ...rest, user_property: left } : rest;
}

/** Returns the search without filters and without a search by ID. */
export function clearUserFilters<Search extends UserSearch>(search: Search): Search {
  const rest = { ...search };
  for (const name of [...USER_FIELD_NAMES, 'q'] as const) delete rest[name];
  return rest;
}

/** Returns the API query that lists these users. */
export function toUserQuery(search: UserSearch, appId: string): UserQuery {
  return {
    app_id: appId,
    search: search.q,
    ...(search.platform !== undefined && { platform: [search.platform] }),
    ...(search.country !== undefined && { country: [search.country] }),
    ...(search.app_version !== undefined && { app_version: [search.app_version] }),
    user_property: search.user_property,
  };
}
