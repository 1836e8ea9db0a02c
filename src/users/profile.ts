import { CURRENT_VALUE_SQL } from '../analytics/person-sql.ts';
import type { QueryScope } from '../analytics/query.ts';
import { appCondition } from '../analytics/query-sql.ts';
import { ApiError } from '../api/errors.ts';
import { parseToRewrite } from '../lib/exact-json.ts';
import type { Warehouse } from '../warehouse/open.ts';
import {
  findPerson,
  LINKED_IDS_SQL,
  type Person,
  personCondition,
} from '../warehouse/persons/find-person.ts';
import { NO_ACTIVITY, readActivity } from './read-activity.ts';
import type { UserProfile } from './user-json.ts';
import { toPersonApps } from './users-scope.ts';

type Reader = { warehouse: Pick<Warehouse, 'query'>; scope: QueryScope; signal: AbortSignal };
type Seen = { fromMs: number; toMs: number } | undefined;

/** Returns the profile of the person that an ID belongs to. Throws 404 if nothing is known about it, StorageError. */
export async function readProfile(
  warehouse: Pick<Warehouse, 'query'>,
  scope: QueryScope,
  id: string,
  signal: AbortSignal,
): Promise<UserProfile> {
  const reader: Reader = { warehouse, scope, signal };
  const person = await findPerson(warehouse, toPersonApps(scope), id, signal);
  const [seen, properties, link_conflicts] = await Promise.all([
    readSeen(reader, person),
    readProperties(reader, person),
    countConflicts(reader, person),
  ]);
  const isKnown = seen !== undefined || person.ids.some((one) => one.id !== person.id);
  if (!isKnown && Object.keys(properties).length === 0 && !(await hasEvents(reader, person)))
    throw new ApiError('not_found', {
      detail: 'There is no such user in this app. Check the ID and the app: GET /v1/users lists its users.',
    });
  const toText = (ms: number | undefined) => (ms === undefined ? null : new Date(ms).toISOString());
  return {
    app_user_id: person.id,
    ids: [...new Set([person.id, ...person.ids.map((one) => one.id)])],
    first_seen: toText(seen?.fromMs),
    last_seen: toText(seen?.toMs),
    ...(await readActivityOf(reader, person, seen)),
    properties,
    link_conflicts,
  };
}

/** Returns when the IDs of a person were first and last seen; undefined if none was. */
export async function readSeen({ warehouse, scope, signal }: Reader, person: Person): Promise<Seen> {
  const [app, users] = [appCondition(scope), personCondition(toPersonApps(scope), person)];
  const [row] = await warehouse.query<{ ids: string; first_ms: string; last_ms: string }>(
    `SELECT count() AS ids, toUnixTimestamp64Milli(min(first_seen)) AS first_ms,
       toUnixTimestamp64Milli(max(last_seen)) AS last_ms
     FROM users WHERE ${app.sql} AND ${users.sql}`,
    { ...app.params, ...users.params },
    { signal, isLight: true },
  );
  if (row === undefined || row.ids === '0') return undefined;
  return { fromMs: Number(row.first_ms), toMs: Number(row.last_ms) };
}

/** Whether there are events, which may all be reserved ones. */
async function hasEvents({ warehouse, scope, signal }: Reader, person: Person): Promise<boolean> {
  const [app, users] = [appCondition(scope), personCondition(toPersonApps(scope), person)];
  const rows = await warehouse.query(
    `SELECT 1 FROM events WHERE ${app.sql} AND ${users.sql} LIMIT 1`,
    { ...app.params, ...users.params },
    { signal },
  );
  return rows.length > 0;
}

async function readActivityOf({ warehouse, scope, signal }: Reader, person: Person, seen: Seen) {
  if (seen === undefined) return NO_ACTIVITY;
  const users = personCondition(toPersonApps(scope), person);
  const known = person.hasMoreIds ? {} : { userIds: person.ids.map((one) => one.id) };
  const activities = await readActivity(warehouse, scope, { users, ...known, ...seen }, signal);
  return [...activities.values()][0] ?? NO_ACTIVITY;
}

async function readProperties(
  { warehouse, scope, signal }: Reader,
  person: Person,
): Promise<UserProfile['properties']> {
  const [app, users] = [appCondition(scope), personCondition(toPersonApps(scope), person)];
  const rows = await warehouse.query<{ name: string; current: string }>(
    `SELECT name, ${CURRENT_VALUE_SQL} AS current FROM user_properties
     WHERE ${app.sql} AND ${users.sql} GROUP BY name HAVING current != 'null' ORDER BY name`,
    { ...app.params, ...users.params },
    { signal, isLight: true },
  );
  return Object.fromEntries(rows.map(({ name, current }) => [name, parseToRewrite(current)]));
}

/** Counts the links of a person's IDs that lead to someone else. */
async function countConflicts({ warehouse, scope, signal }: Reader, person: Person): Promise<number> {
  if (!scope.hasLinks) return 0;
  const [app, ids] = [appCondition(scope), personCondition(toPersonApps(scope), person, 'id')];
  const [row] = await warehouse.query<{ conflicts: string }>(
    `SELECT countIf(if(linked.person = '', sent.other, linked.person) != {person_id:String}) AS conflicts
     FROM (
       SELECT DISTINCT app_id, id, other, timestamp, event_id, verified FROM links
       WHERE ${app.sql} AND is_target = 0 AND ${ids.sql}
     ) AS sent LEFT ANY JOIN (${LINKED_IDS_SQL}) AS linked
     ON sent.app_id = linked.app_id AND sent.other = linked.id`,
    { ...app.params, ...ids.params, person_id: person.id },
    { signal, isLight: true },
  );
  return Number(row?.conflicts ?? 0);
}
