import { DAY_MS } from '../../lib/durations.ts';
import { DATABASE_NAME } from '../engine/connection.ts';
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
  const time = TO_SQL;
  const day = `day < ${Math.floor(to / DAY_MS) - 1}`;
  const ofProject = `${DATABASE_NAME}.users WHERE project_id = {deleted_project:String}`;
  const gone = `SELECT app_id, app_user_id FROM ${ofProject}
    GROUP BY app_id, app_user_id HAVING max(last_seen) <= ${time}`;
  // What was said about people before stays as long as they have events.
  const isGone = (id: string) => `(app_id, ${id}) NOT IN (SELECT app_id, app_user_id FROM ${ofProject})`;
  const linked = `SELECT app_id, id FROM ${DATABASE_NAME}.links WHERE project_id = {deleted_project:String}`;
  const isUnlinked = (id: string) => `(app_id, ${id}) NOT IN (${linked})`;
  return {
    users: `(app_id, app_user_id) IN (${gone})`,
    links: `timestamp <= ${time} AND ${isGone('id')} AND ${isGone('other')}`,
    person_ids: isUnlinked('id'),
    user_properties: `timestamp <= ${time} AND ${isGone('app_user_id')} AND ${isUnlinked('app_user_id')}`,
    user_days: day,
    user_day_values: day,
    revenue_days: day,
  };
}

/** Returns the statement that derives the users of a person again, who may have new events; undefined for other deletions. */
export function deriveUsersAgain({ projectId, person }: Deletion): BoundSql | undefined {
  if (person === undefined) return undefined;
  return {
    sql: `${DERIVE_USERS_SQL} AND project_id = {project:String} AND app_id = {app:String} AND app_user_id IN {ids:Array(String)}`,
    params: { project: projectId, app: person.appId, ids: person.ids },
  };
}
