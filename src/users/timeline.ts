import type { Static } from 'typebox';
import type { QueryScope } from '../analytics/query.ts';
import { LIST_QUERY } from '../api/list.ts';
import { buildFilter } from '../events/event-filter.ts';
import { withPerson } from '../events/person-filter.ts';
import { readEventPage, type SEARCH_ANSWER } from '../events/search.ts';
import { closedObject } from '../lib/schema.ts';
import type { Warehouse } from '../warehouse/open.ts';
import { findPerson } from '../warehouse/persons/find-person.ts';
import { toPersonApps, USERS_APP_QUERY } from './users-scope.ts';

/** Query parameters of a timeline. */
export const TIMELINE_QUERY = closedObject({ ...USERS_APP_QUERY, ...LIST_QUERY });

/** Returns a page of all events of the person that an ID belongs to, newest first. Throws 422, StorageError. */
export async function readTimeline(
  warehouse: Pick<Warehouse, 'query'>,
  scope: QueryScope,
  { id, query, nowMs }: { id: string; query: Static<typeof TIMELINE_QUERY>; nowMs: number },
  signal: AbortSignal,
): Promise<Static<typeof SEARCH_ANSWER>> {
  const apps = toPersonApps(scope);
  const person = await findPerson(warehouse, apps, id, signal);
  const filter = withPerson(buildFilter(scope.projectId, apps.appIds, {}), apps, person);
  return await readEventPage(warehouse, filter, { query, nowMs, isRare: true }, signal);
}
