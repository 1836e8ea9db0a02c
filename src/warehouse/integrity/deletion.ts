import { DAY_MS } from '../../lib/durations.ts';
import { DATABASE_NAME } from '../engine/connection.ts';
import { linkedIdsSql } from '../persons/find-person.ts';
import { DERIVE_USERS_SQL } from './derive-sql.ts';

/**
 * Events to delete: those of a project up to a time (epoch milliseconds, inclusive), or only those of some users of an
 * app. JSON, because it is recorded before anything is deleted.
 */
export type Deletion = { projectId: string; to: number; person?: { appId: string; ids: readonly string[] } };

/** SQL and the values bound to it. */
type BoundSql = { sql: string; params: Record<string, unknown> };

const TO_SQL = 'fromUnixTimestamp64Milli({deleted_to:Int64})';

/** One statement of a deletion: a table and which of its rows go. */
export type TableDeletion = { table: string; where: BoundSql };

/** Returns the condition for the events to delete. */
export function deletedEvents({ projectId, to, person }: Deletion): BoundSql {
  const ofUsers = person
    ? ' AND app_id = {deleted_app:String} AND app_user_id IN {deleted_ids:Array(String)}'
    : '';
  return {
    sql: `project_id = {deleted_project:String} AND timestamp <= ${TO_SQL}${ofUsers}`,
    params: {
      deleted_project: projectId,
      deleted_to: to,
      ...(person ? { deleted_app: person.appId, deleted_ids: person.ids } : {}),
    },
  };
}

/**
 * Returns what to delete, in this order: the IDs of events before the events by which they are found, so that a deletion
 * that was interrupted can run again.
 */
export function listTableDeletions(deletion: Deletion): TableDeletion[] {
  const { sql, params } = deletedEvents(deletion);
  const found = `(app_id, event_id, verified) IN (SELECT app_id, event_id, verified FROM ${DATABASE_NAME}.events WHERE ${sql})`;
  const ids = { sql: `project_id = {deleted_project:String} AND ${found}`, params };
  const derived = deletion.person ? ofPerson() : untilTime(deletion);
  return [
    { table: 'event_ids', where: ids },
    { table: 'events', where: { sql, params } },
    ...Object.entries(derived).map(([table, condition]) => ({
      table,
      where: { sql: `project_id = {deleted_project:String} AND ${condition}`, params },
    })),
  ];
}

/** A link belongs to the person who sent its `$identify`, not to everyone it names. */
function ofPerson(): Record<string, string> {
  const app = 'app_id = {deleted_app:String}';
  const ids = '{deleted_ids:Array(String)}';
  const to = `timestamp <= ${TO_SQL}`;
  return {
    // Without a time: what was seen later is derived again.
    users: `${app} AND app_user_id IN ${ids}`,
    links: `${app} AND ${to} AND if(is_target = 1, id, other) IN ${ids}`,
    person_ids: `${app} AND (id IN ${ids} OR person IN ${ids})`,
    user_properties: `${app} AND ${to} AND app_user_id IN ${ids}`,
  };
}

/** Calendar days start up to 14 hours before those of UTC, so the last ones may still have events. */
function untilTime({ to }: Deletion): Record<string, string> {
  const day = `day < ${Math.floor(to / DAY_MS) - 1}`;
  const isOld = `timestamp <= ${TO_SQL}`;
  // What someone did after that was decided is newer than all of this.
  const isForgotten = (id: string) =>
    `(app_id, ${id}) IN (SELECT app_id, id FROM ${ofProject('forgotten_ids')})`;
  return {
    users: `last_seen <= ${TO_SQL} AND ${isForgotten('app_user_id')}`,
    links: `${isOld} AND ${isForgotten('if(is_target = 1, other, id)')}`,
    person_ids: `version <= (SELECT max(block) FROM ${ofProject('forgotten_ids')}) AND ${isForgotten('id')}`,
    user_properties: `${isOld} AND ${isForgotten('app_user_id')}`,
    user_days: day,
    user_day_values: day,
    linked_days: day,
    revenue_days: day,
  };
}

const ofProject = (table: string) => `${DATABASE_NAME}.${table} WHERE project_id = {deleted_project:String}`;

/**
 * SQL that fills `forgotten_ids`: all IDs of each person whose last event, link and property is not after the time of the deletion.
 * Whatever is known about everyone else stays, so that they remain the same people.
 */
const FORGET_SQL = `INSERT INTO forgotten_ids (project_id, app_id, id, block)
SELECT {deleted_project:String}, app_id, arrayJoin(ids), (SELECT max(block) FROM ${DATABASE_NAME}.events)
FROM (
  SELECT seen.app_id AS app_id, groupUniqArray(seen.id) AS ids FROM (
    SELECT app_id, app_user_id AS id, last_seen AS at FROM ${ofProject('users')}
    UNION ALL SELECT app_id, id, timestamp AS at FROM ${ofProject('links')}
    UNION ALL SELECT app_id, app_user_id AS id, timestamp AS at FROM ${ofProject('user_properties')}
    UNION ALL SELECT app_id, id, fromUnixTimestamp64Milli(0) AS at FROM ${ofProject('person_ids')}
  ) AS seen
  LEFT ANY JOIN (${linkedIdsSql('project_id = {deleted_project:String}')}) AS linked
  ON seen.app_id = linked.app_id AND seen.id = linked.id
  GROUP BY seen.app_id, if(linked.person = '', seen.id, linked.person) HAVING max(at) <= ${TO_SQL}
) SETTINGS max_bytes_before_external_group_by = 250000000`;

/** Returns the statements to run before what is derived is deleted, so that all tables forget the same people; none for a person. */
export function listDecisions(deletion: Deletion): BoundSql[] {
  if (deletion.person !== undefined) return [];
  const { params } = deletedEvents(deletion);
  const until = `INSERT INTO deleted_until (project_id, until) SELECT {deleted_project:String}, ${TO_SQL}`;
  return [FORGET_NONE_SQL, until, FORGET_SQL].map((sql) => ({ sql, params }));
}

/** Empties what `listDecisions` filled. */
export const FORGET_NONE_SQL = 'TRUNCATE TABLE forgotten_ids SYNC';

/** Returns the statement that derives the users of a person again, who may have new events; undefined for other deletions. */
export function deriveUsersAgain({ projectId, person }: Deletion): BoundSql | undefined {
  if (person === undefined) return undefined;
  return {
    sql: `${DERIVE_USERS_SQL} AND project_id = {project:String} AND app_id = {app:String} AND app_user_id IN {ids:Array(String)}`,
    params: { project: projectId, app: person.appId, ids: person.ids },
  };
}
