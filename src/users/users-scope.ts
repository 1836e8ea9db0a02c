import { COMMON_QUERY, type QueryScope } from '../analytics/query.ts';
import type { PersonApps } from '../warehouse/persons/find-person.ts';

/** The query parameter that selects the app of users. */
export const USERS_APP_QUERY = { app_id: COMMON_QUERY.app_id };

/** Returns the apps of a scope, as persons are looked up in. */
export const toPersonApps = ({ projectId, apps, hasLinks }: QueryScope): PersonApps => ({
  projectId,
  appIds: apps.map(({ id }) => id),
  hasLinks,
});
