import type { Static } from 'typebox';
import type { closedObject } from '../lib/schema.ts';
import type { Warehouse } from '../warehouse/open.ts';
import { findPerson, personCondition } from '../warehouse/persons/find-person.ts';
import { buildFilter, type EVENT_FILTERS, type Filter, withCondition } from './event-filter.ts';

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
  const users = personCondition(apps, await findPerson(warehouse, apps, filters.person, signal));
  return withCondition(filter, users.sql, users.params);
}
