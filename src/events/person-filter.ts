import type { Static } from 'typebox';
import type { closedObject } from '../lib/schema.ts';
import type { Warehouse } from '../warehouse/open.ts';
import {
  findPerson,
  type Person,
  type PersonApps,
  personCondition,
} from '../warehouse/persons/find-person.ts';
import { buildFilter, type EVENT_FILTERS, type Filter, withCondition, withUsers } from './event-filter.ts';

type EventFilters = Static<ReturnType<typeof closedObject<typeof EVENT_FILTERS>>>;

/** Returns the same as `buildFilter`, with the IDs of the person that `person` asks for. Throws 422, StorageError. */
export async function buildPersonFilter(
  warehouse: Pick<Warehouse, 'query' | 'hasLinks'>,
  projectId: string,
  appIds: readonly string[],
  filters: EventFilters,
  signal: AbortSignal,
): Promise<Filter> {
  const filter = buildFilter(projectId, appIds, filters);
  if (filters.person === undefined) return filter;
  const apps = { projectId, appIds, hasLinks: warehouse.hasLinks(projectId) };
  return withPerson(filter, apps, await findPerson(warehouse, apps, filters.person, signal));
}

/** Returns a copy of a filter with the condition that only events of a person meet. */
export function withPerson(filter: Filter, apps: PersonApps, person: Person): Filter {
  const users = personCondition(apps, person);
  if (person.hasMoreIds) return withCondition(filter, users.sql, users.params);
  return withUsers(filter, { appIds: apps.appIds, userIds: person.ids.map(({ id }) => id) }, users);
}
