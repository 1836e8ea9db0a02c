import { type Static, Type } from 'typebox';
import { USER_SQL, usersWithPropertySql, withPersonSql } from '../analytics/person-sql.ts';
import { FILTER_QUERY, groupPropertyFilters, type QueryScope } from '../analytics/query.ts';
import { allOf, appCondition } from '../analytics/query-sql.ts';
import { decodeCursor, LIST_QUERY, limitOf, pageOf, toPage } from '../api/list.ts';
import { closedObject, component } from '../lib/schema.ts';
import { isEventTime } from '../warehouse/event-columns.ts';
import type { BoundSql } from '../warehouse/event-sql.ts';
import { COUNTED_SQL } from '../warehouse/integrity/derive-sql.ts';
import type { Warehouse } from '../warehouse/open.ts';
import { LINKED_IDS_SQL } from '../warehouse/persons/find-person.ts';
import { lastValueSql, NO_ACTIVITY, readActivity } from './read-activity.ts';
import { USER_SUMMARY, type UserSummary } from './user-json.ts';
import { USERS_APP_QUERY } from './users-scope.ts';

const SEARCH_LENGTH_MAX = 256;
const LAST_FILTERS = ['platform', 'country', 'app_version'] as const;

/** Query parameters of the list of users. */
export const USER_LIST_QUERY = closedObject({
  ...USERS_APP_QUERY,
  ...LIST_QUERY,
  search: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: SEARCH_LENGTH_MAX,
      description: 'Only users with an ID that starts with this text, capital letters included.',
    }),
  ),
  platform: describe('platform', 'Only users whose latest platform is this one; repeat it for several.'),
  country: describe('country', 'Only users whose latest country is this one; repeat it for several.'),
  app_version: describe(
    'app_version',
    'Only users whose latest app version is this one; repeat it for several.',
  ),
  user_property: describe(
    'user_property',
    'Only users whose property has this value now, as `NAME:VALUE`. Repeat it for several: values of the same name are alternatives, different names must all match.',
  ),
});

function describe<Name extends keyof typeof FILTER_QUERY>(name: Name, description: string) {
  return Type.Optional({ ...FILTER_QUERY[name], description });
}

/** A page of users. */
export const USER_PAGE = component('UserPage', pageOf(USER_SUMMARY));

/** The query parameters of the list, validated. */
export type UsersQuery = Static<typeof USER_LIST_QUERY>;

type Position = [lastSeenMs: number, id: string];
type Row = { person: string; hash: string; first_ms: string; last_ms: string };

/** Returns a page of the people with events, the latest seen first and then by ID. Throws 422, StorageError. */
export async function listUsers(
  warehouse: Pick<Warehouse, 'query'>,
  scope: QueryScope,
  query: UsersQuery,
  signal: AbortSignal,
): Promise<Static<typeof USER_PAGE>> {
  const limit = limitOf(query);
  const before = decodeCursor(query.cursor, isPosition);
  const seen = selectSeen(scope);
  const matching = allOf([...listPersonConditions(scope), { sql: '1', params: {} }]);
  const isBefore =
    'AND (last_ms < {before_ms:Int64} OR (last_ms = {before_ms:Int64} AND person > {before_id:String}))';
  const rows = await warehouse.query<Row>(
    `SELECT person, sipHash64(person) AS hash, toUnixTimestamp64Milli(min(first_seen)) AS first_ms,
       toUnixTimestamp64Milli(max(last_seen)) AS last_ms
     FROM (${seen.sql}) WHERE ${matching.sql} GROUP BY person
     HAVING ${query.search === undefined ? '1' : 'countIf(startsWith(app_user_id, {search:String})) > 0 OR startsWith(person, {search:String})'}
     ${before === undefined ? '' : isBefore}
     ORDER BY last_ms DESC, person LIMIT {limit:UInt32}`,
    {
      ...seen.params,
      ...matching.params,
      search: query.search,
      before_ms: before?.[0],
      before_id: before?.[1],
      limit: limit + 1,
    },
    { signal },
  );
  const { page, next_cursor } = toPage(rows, limit, ({ person, last_ms }) => [Number(last_ms), person]);
  return { data: await toSummaries(warehouse, scope, page, signal), next_cursor };
}

/** Returns SQL for each ID that was sent, when it was seen, and its `person`. */
function selectSeen(scope: QueryScope): BoundSql {
  const app = appCondition(scope);
  const seen = `SELECT app_id, app_user_id, first_seen, last_seen FROM users WHERE ${app.sql}`;
  if (!scope.hasLinks) return { sql: `SELECT *, app_user_id AS person FROM (${seen})`, params: app.params };
  return {
    sql: `SELECT seen.*, if(linked.person = '', seen.app_user_id, linked.person) AS person
      FROM (${seen}) AS seen LEFT ANY JOIN (${LINKED_IDS_SQL}) AS linked
      ON seen.app_id = linked.app_id AND seen.app_user_id = linked.id`,
    params: app.params,
  };
}

/** Returns the conditions on `person` of the filters. */
function listPersonConditions(scope: QueryScope): BoundSql[] {
  const { filters } = scope;
  const groups = [...groupPropertyFilters(filters.user_property)];
  const conditions = groups.map(([name, values], index) => {
    const users = usersWithPropertySql(scope, { name, values }, index);
    const persons = withPersonSql(scope, users);
    return { sql: `sipHash64(person) IN (SELECT person FROM (${persons.sql}))`, params: users.params };
  });
  const given = LAST_FILTERS.filter((name) => filters[name]);
  if (given.length === 0) return conditions;
  const app = appCondition(scope);
  const events = withPersonSql(scope, {
    sql: `SELECT app_id, ${USER_SQL} AS user, timestamp, event_id, verified, ${given.join(', ')}
      FROM events WHERE ${app.sql} AND ${COUNTED_SQL}`,
    params: { ...app.params, ...Object.fromEntries(given.map((name) => [`last_${name}`, filters[name]])) },
  });
  const having = given.map((name) => `has({last_${name}:Array(String)}, ${lastValueSql(name)})`);
  return [
    ...conditions,
    {
      sql: `sipHash64(person) IN (SELECT person FROM (${events.sql}) GROUP BY person HAVING ${having.join(' AND ')})`,
      params: events.params,
    },
  ];
}

async function toSummaries(
  warehouse: Pick<Warehouse, 'query'>,
  scope: QueryScope,
  page: readonly Row[],
  signal: AbortSignal,
): Promise<UserSummary[]> {
  if (page.length === 0) return [];
  const seen = selectSeen(scope);
  const users = {
    sql: `app_user_id IN (SELECT app_user_id FROM (${seen.sql}) WHERE person IN {persons:Array(String)})`,
    params: { ...seen.params, persons: page.map(({ person }) => person) },
  };
  const fromMs = Math.min(...page.map(({ first_ms }) => Number(first_ms)));
  const toMs = Math.max(...page.map(({ last_ms }) => Number(last_ms)));
  const activities = await readActivity(warehouse, scope, { users, fromMs, toMs }, signal);
  return page.map(({ person, hash, first_ms, last_ms }) => {
    const { first: _, ...activity } = activities.get(hash) ?? NO_ACTIVITY;
    return {
      app_user_id: person,
      first_seen: new Date(Number(first_ms)).toISOString(),
      last_seen: new Date(Number(last_ms)).toISOString(),
      ...activity,
    };
  });
}

const isPosition = (value: unknown): value is Position =>
  Array.isArray(value) && value.length === 2 && isEventTime(value[0]) && typeof value[1] === 'string';
