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
  const gone = `SELECT app_id, app_user_id FROM ${ofProject('users')}
    GROUP BY app_id, app_user_id HAVING max(last_seen) <= ${TO_SQL}`;
  const linked = `SELECT DISTINCT app_id, id FROM ${ofProject('links')} AND is_target = 0 AND ${isOld}`;
  const described = `SELECT DISTINCT app_id, app_user_id AS id FROM ${ofProject('user_properties')} AND ${isOld}`;
  return {
    users: `(app_id, app_user_id) IN (${gone})`,
    links: `${isOld} AND (app_id, if(is_target = 1, other, id)) IN (${forgottenSql(linked)})`,
    person_ids: `(app_id, id) IN (${forgottenSql(`SELECT app_id, id FROM (${PERSONS_SQL})`)})`,
    user_properties: `${isOld} AND (app_id, app_user_id) IN (${forgottenSql(described)})`,
    user_days: day,
    user_day_values: day,
    revenue_days: day,
  };
}

const ofProject = (table: string) => `${DATABASE_NAME}.${table} WHERE project_id = {deleted_project:String}`;

const PERSONS_SQL = linkedIdsSql('project_id = {deleted_project:String}');

/** Returns SQL for `app_id`, `id` and the person's hash of each ID that `ids` selects. */
const personsOfSql = (ids: string) => `SELECT ids.app_id AS app_id, ids.id AS id,
    sipHash64(ids.app_id, if(linked.person = '', ids.id, linked.person)) AS hash
  FROM (${ids}) AS ids LEFT ANY JOIN (${PERSONS_SQL}) AS linked ON ids.app_id = linked.app_id AND ids.id = linked.id`;

/**
 * Returns SQL for the IDs that `ids` selects whose person has no events left and no later link. What is known about everyone else
 * stays, so that they remain the same people. Old users must be deleted first.
 */
const forgottenSql = (ids: string) => `SELECT app_id, id FROM (${personsOfSql(ids)}) WHERE hash NOT IN (
  SELECT hash FROM (${personsOfSql(`SELECT app_id, app_user_id AS id FROM ${ofProject('users')}
    UNION ALL SELECT app_id, id FROM ${ofProject('links')} AND timestamp > ${TO_SQL}`)}))`;

/** Returns the statement that derives the users of a person again, who may have new events; undefined for other deletions. */
export function deriveUsersAgain({ projectId, person }: Deletion): BoundSql | undefined {
  if (person === undefined) return undefined;
  return {
    sql: `${DERIVE_USERS_SQL} AND project_id = {project:String} AND app_id = {app:String} AND app_user_id IN {ids:Array(String)}`,
    params: { project: projectId, app: person.appId, ids: person.ids },
  };
}
