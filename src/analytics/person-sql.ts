import type { BoundSql } from '../warehouse/event-sql.ts';
import type { QueryScope } from './query.ts';

/**
 * SQL for a user, the hash of the ID that was sent, by which rows of one person are found; a 64-bit hash instead of the text
 * because counting distinct numbers takes a fifth of the time. With a million users, the chance that any two are counted as
 * one is 1 in 40 million.
 */
export const USER_SQL = 'sipHash64(app_user_id)';

/** The scope that persons belong to: an ID is linked inside one app. */
export type PersonScope = Pick<QueryScope, 'projectId' | 'apps' | 'hasLinks'>;

/** Returns the parameters that SQL about persons uses. */
const scopeParams = ({ projectId, apps }: PersonScope) => ({
  project_id: projectId,
  app_ids: apps.map(({ id }) => id),
});

const SCOPE_SQL = 'project_id = {project_id:String} AND app_id IN {app_ids:Array(String)}';

/** SQL that returns `app`, `id_hash` and `person_hash` of each ID that belongs to a person of another ID. */
const LINKED_SQL = `SELECT app_id AS app, sipHash64(id) AS id_hash, sipHash64(argMax(person, version)) AS person_hash
  FROM person_ids WHERE ${SCOPE_SQL} GROUP BY app_id, id`;

/**
 * Returns SQL that selects from `rows`, which has `app_id` and `user` (see USER_SQL), all its columns and `person`: the user of
 * the person's last ID. A person has the same one in all apps where that ID is the last.
 */
export function withPersonSql(scope: PersonScope, rows: BoundSql): BoundSql {
  if (!scope.hasLinks) return { sql: `SELECT *, user AS person FROM (${rows.sql})`, params: rows.params };
  return {
    sql: `SELECT rows.*, if(linked.person_hash = 0, rows.user, linked.person_hash) AS person
      FROM (${rows.sql}) AS rows LEFT ANY JOIN (${LINKED_SQL}) AS linked ON ${linkedCondition(scope)}`,
    params: { ...rows.params, ...scopeParams(scope) },
  };
}

/**
 * Returns SQL for `app_id` in the columns of a query that groups by user, and any additional GROUP BY columns. Grouping by the app
 * too takes six times as long, and one app is always the same.
 */
export function groupedAppSql({ apps }: PersonScope): { column: BoundSql; group: string } {
  const [first, ...others] = apps;
  if (others.length > 0) return { column: { sql: 'app_id', params: {} }, group: 'app_id, ' };
  return { column: { sql: '{only_app:String} AS app_id', params: { only_app: first.id } }, group: '' };
}

/** Joining on one number takes a third of the time. */
const linkedCondition = ({ apps }: PersonScope) =>
  apps.length === 1
    ? 'rows.user = linked.id_hash'
    : 'rows.app_id = linked.app AND rows.user = linked.id_hash';

/**
 * Returns the same with `shared` instead of `person`: the person of a user if other IDs have the same person, and 0 for all others.
 * For rows of one app.
 */
export function withSharedPersonSql(scope: PersonScope, rows: BoundSql): BoundSql {
  if (!scope.hasLinks)
    return { sql: `SELECT *, toUInt64(0) AS shared FROM (${rows.sql})`, params: rows.params };
  // Each linked ID, and the ID of its person. An ID may be both for a moment.
  const linked = `SELECT pair.1 AS id_hash, argMax(person, pair.2) AS person_hash FROM (
      SELECT arrayJoin([(id_hash, 1), (person_hash, 0)]) AS pair, person_hash AS person FROM (${LINKED_SQL})
    ) GROUP BY id_hash`;
  return {
    sql: `SELECT rows.*, linked.person_hash AS shared
      FROM (${rows.sql}) AS rows LEFT ANY JOIN (${linked}) AS linked ON rows.user = linked.id_hash`,
    params: { ...rows.params, ...scopeParams(scope) },
  };
}

/**
 * Returns SQL that returns `app_id` and `user` of each ID whose person's property has one of the values now; `index` keeps the
 * parameters of several apart.
 */
export function usersWithPropertySql(
  scope: PersonScope,
  { name, values }: { name: string; values: readonly string[] },
  index: number,
): BoundSql {
  const [nameParam, valuesParam] = [`user_property_${index}`, `user_values_${index}`];
  const current = `SELECT person FROM (${currentValuesSql(scope, nameParam)})
    WHERE has({${valuesParam}:Array(String)}, ${propertyValueText('current')})`;
  const users = `SELECT app_id, ${USER_SQL} AS user FROM users WHERE ${SCOPE_SQL} GROUP BY app_id, user`;
  const allUsers = withPersonSql(scope, { sql: users, params: {} });
  return {
    sql: `SELECT app_id, user FROM (${allUsers.sql}) WHERE person IN (${current})`,
    params: { ...scopeParams(scope), [nameParam]: name, [valuesParam]: values },
  };
}

/** Returns SQL for `person` and the `current` value of a property, as JSON, of each person that has it. */
export function currentValuesSql(scope: PersonScope, nameParam: string): string {
  const sent = `SELECT app_id, sipHash64(app_user_id) AS user, is_once, timestamp, received_at, event_id, verified, value
    FROM user_properties WHERE ${SCOPE_SQL} AND name = {${nameParam}:String}`;
  const { sql } = withPersonSql(scope, { sql: sent, params: {} });
  return `SELECT person, ${CURRENT_VALUE_SQL} AS current FROM (${sql}) GROUP BY person HAVING current != 'null'`;
}

/** Returns SQL that selects from `rows`, which has `person`, all columns and `value`: the person's property, null without one. */
export function withUserPropertySql(scope: PersonScope, rows: BoundSql, name: string): BoundSql {
  const current = currentValuesSql(scope, 'user_property_by');
  return {
    sql: `SELECT rows.*, if(known.text = '', NULL, substring(known.text, 2)) AS value
      FROM (${rows.sql}) AS rows LEFT ANY JOIN (
        SELECT person AS of, concat(' ', ${propertyValueText('current')}) AS text FROM (${current})
      ) AS known ON rows.person = known.of`,
    params: { ...rows.params, ...scopeParams(scope), user_property_by: name },
  };
}

/** SQL for what orders the values of a property: the later event, then the one that was received later. */
const SET_ORDER_SQL = '(timestamp, received_at, event_id, verified, app_id)';
/** SQL for what `$set_once` said, the earliest first. */
const SET_ONCE_SQL = `arraySort(groupArrayIf((${SET_ORDER_SQL}, value), is_once = 1 AND value != 'null'))`;

/**
 * SQL for the current value of a property, as JSON, over the rows of `user_properties` of one person and name: the latest
 * `$set` (ties: later received), and without one, or after one that removed it, the earliest `$set_once` since. 'null' if there
 * is none.
 */
export const CURRENT_VALUE_SQL = `multiIf(
  argMaxIf(value, ${SET_ORDER_SQL}, is_once = 0) NOT IN ('', 'null'), argMaxIf(value, ${SET_ORDER_SQL}, is_once = 0),
  arrayFirst((sent, kept) -> kept > maxIf(${SET_ORDER_SQL}, is_once = 0),
    arrayMap(one -> one.2, ${SET_ONCE_SQL}), arrayMap(one -> one.1, ${SET_ONCE_SQL})) AS kept_once != '', kept_once,
  'null')`;

/** Returns SQL for a JSON value as text: a string as it is, anything else as its JSON. */
export const propertyValueText = (json: string): string =>
  `if(JSONType(${json}) = 'String', JSONExtractString(${json}), ${json})`;
