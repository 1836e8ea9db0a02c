import { Type } from 'typebox';
import type { Route } from '../api/route.ts';
import { closedObject } from '../lib/schema.ts';

/** The dashboard's prefix for the routes of `/v1`: the project is in the path, the credential is a session. */
const PREFIX = '/app/v1/projects/{project_id}';

const PROJECT_ID = Type.String();

/**
 * Returns the API's routes as the dashboard calls them: the same path after `/v1`, the same schemas, handler and
 * permission. Routes open to any key concern that key and have no counterpart, nor
 * have those of other vendors' SDKs.
 */
export function mirrorForDashboard<S>(routes: readonly Route<S>[]): Route<S>[] {
  return routes
    .filter(
      ({ path, access, dialect }) =>
        path.startsWith('/v1/') && access !== 'any_key' && access !== 'public' && !dialect,
    )
    .map((route) => ({
      ...route,
      path: PREFIX + route.path.slice('/v1'.length),
      authentication: 'session',
      cors: 'none',
      params: closedObject({ project_id: PROJECT_ID, ...route.params.properties }),
      handle: (services, input) => route.handle(services, input),
    }));
}
