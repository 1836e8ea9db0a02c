import { Type } from 'typebox';
import { type AnalyticsServices, parseQueryScope } from '../analytics/query.ts';
import { defineRoute, type Route } from '../api/route.ts';
import { SEARCH_ANSWER } from '../events/search.ts';
import { closedObject } from '../lib/schema.ts';
import { listUsers, USER_LIST_QUERY, USER_PAGE } from './list-users.ts';
import { readProfile } from './profile.ts';
import { readTimeline, TIMELINE_QUERY } from './timeline.ts';
import { USER_PROFILE } from './user-json.ts';
import { USERS_APP_QUERY } from './users-scope.ts';

/** The path parameter of a user's ID: any of a person's IDs, percent-encoded. */
export const USER_PARAMS = closedObject({
  app_user_id: Type.String({
    minLength: 1,
    maxLength: 256,
    description: 'Any ID of the user. Percent-encode it: IDs may contain `/` and other characters.',
  }),
});

const EXAMPLE_ID = 'user_123';

const listRoute = defineRoute({
  method: 'GET',
  path: '/v1/users',
  operationId: 'listUsers',
  summary: 'List users',
  description:
    'Returns a page of the people with events, the latest seen first. IDs that `$identify` has linked are one person. The filters by platform, country and app version apply to the latest value of each.',
  access: 'users:read',
  limit: 'analytics',
  app: { from: 'query', required: true, acceptsAll: true },
  query: USER_LIST_QUERY,
  answer: { status: 200, schema: USER_PAGE },
  example: { query: { search: 'user_', limit: 20 } },
  handle(services: AnalyticsServices, { caller, app, query, signal }) {
    const { app_id, platform, country, app_version, user_property } = query;
    const filters = { platform, country, app_version, user_property };
    const scope = parseQueryScope(services, caller, app, withoutAbsent({ app_id, ...filters }));
    return listUsers(services.warehouse, scope, query, signal);
  },
});

const profileRoute = defineRoute({
  method: 'GET',
  path: '/v1/users/{app_user_id}',
  operationId: 'getUser',
  summary: 'Get a user',
  description:
    'Returns the profile of a person: all linked IDs, activity and user properties. Any ID of the person leads there; `app_user_id` in the answer is the last of them.',
  access: 'users:read',
  limit: 'analytics',
  app: { from: 'query', required: true, acceptsAll: true },
  params: USER_PARAMS,
  query: closedObject(USERS_APP_QUERY),
  errors: ['not_found'],
  answer: { status: 200, schema: USER_PROFILE },
  example: { params: { app_user_id: EXAMPLE_ID } },
  handle: (services: AnalyticsServices, { caller, app, params, query, signal }) =>
    readProfile(
      services.warehouse,
      parseQueryScope(services, caller, app, query),
      params.app_user_id,
      signal,
    ),
});

const timelineRoute = defineRoute({
  method: 'GET',
  path: '/v1/users/{app_user_id}/timeline',
  operationId: 'listUserEvents',
  summary: 'List the events of a user',
  description:
    'Returns a page of all events of a person, newest first: those of all linked IDs, reserved events such as `$identify` included.',
  access: 'users:read',
  limit: 'analytics',
  app: { from: 'query', required: true, acceptsAll: true },
  params: USER_PARAMS,
  query: TIMELINE_QUERY,
  answer: { status: 200, schema: SEARCH_ANSWER },
  example: { params: { app_user_id: EXAMPLE_ID }, query: { limit: 20 } },
  handle(services: AnalyticsServices, { caller, app, params, query, signal }) {
    const { app_id } = query;
    const scope = parseQueryScope(services, caller, app, withoutAbsent({ app_id }));
    const request = { id: params.app_user_id, query, nowMs: services.clock.now() };
    return readTimeline(services.warehouse, scope, request, signal);
  },
});

/** Returns an object without its members that are undefined. */
function withoutAbsent<T extends object>(object: T): { [Key in keyof T]?: Exclude<T[Key], undefined> } {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as T;
}

/** The routes of users. */
export const userRoutes = [listRoute, profileRoute, timelineRoute] satisfies Route<AnalyticsServices>[];
