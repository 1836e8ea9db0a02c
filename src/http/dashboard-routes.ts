import { Type } from 'typebox';
import type { Route } from '../api/route.ts';
import { closedObject } from '../lib/schema.ts';

/** Where the dashboard finds what `/v1` has: the same routes, of the project in the path, with a session. */
const PREFIX = '/app/v1/projects/{project_id}';

const PROJECT_ID = Type.String();

/**
 * Returns the routes of the API as the dashboard's door serves them: the same path after `/v1`, the same query, body
 * and answer, the same handler behind the same check. What asks for any key at all is about that key and stays out.
 */
export function mirrorForPeople<S>(routes: readonly Route<S>[]): Route<S>[] {
  return routes
    .filter(({ path, access }) => path.startsWith('/v1/') && access !== 'any_key' && access !== 'public')
    .map((route) => ({
      ...route,
      path: PREFIX + route.path.slice('/v1'.length),
      door: 'app',
      cors: 'none',
      params: closedObject({ project_id: PROJECT_ID, ...route.params.properties }),
      handle: (services, input) => route.handle(services, input),
    }));
}
