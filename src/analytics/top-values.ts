import { type BoundSql, hasPropertySql, propertyParams, propertyTextSql } from '../warehouse/event-sql.ts';
import { USER_SQL, withPersonSql, withUserPropertySql } from './person-sql.ts';
import type { AnalyticsQuery, FILTERS } from './query.ts';
import { daySql, queryCondition } from './query-sql.ts';

/** What events are grouped by: a column, or a property of theirs or of their user by its name. */
export type Dimension =
  | { column: (typeof FILTERS)[number] }
  | { property: string }
  | { userProperty: string };

/** Which values to return: the `limit` highest of a dimension. */
export type Ranking = { dimension: Dimension; limit: number };

/** A row of a ranking: the value at rank `place` (1 is the highest), all other values at 0, or the whole. */
export type Ranked<Row> = Row & { place: number; is_whole: number; value: string | null };

/** Returns SQL for an event's value of the dimension, null without one. */
function valueSql(dimension: Exclude<Dimension, { userProperty: string }>): BoundSql {
  if ('column' in dimension) return { sql: `nullIf(${dimension.column}, '')`, params: {} };
  return {
    sql: `if(${hasPropertySql('property')}, ${propertyTextSql('property')}, NULL)`,
    params: propertyParams('property', dimension.property),
  };
}

/**
 * Returns SQL that selects `day`, `value`, `app_id`, `user` (see USER_SQL), `person` if `withPerson` says so, and these columns
 * of the query's events.
 */
export function selectEvents(
  query: AnalyticsQuery,
  { dimension }: Ranking,
  { columns = [], condition = '', withPerson = false }: Selection,
): BoundSql {
  const events = queryCondition(query);
  const day = daySql(query, 'timestamp');
  const isOfUser = 'userProperty' in dimension;
  const value = isOfUser ? { sql: '', params: {} } : valueSql(dimension);
  const selected = [
    `${day.sql} AS day`,
    'app_id',
    `${USER_SQL} AS user`,
    ...(isOfUser ? [] : [`${value.sql} AS value`]),
    ...columns,
  ];
  const rows = {
    sql: `SELECT ${selected.join(', ')} FROM events WHERE ${events.sql}${condition}`,
    params: { ...events.params, ...day.params, ...value.params },
  };
  if (isOfUser) return withUserPropertySql(query, withPersonSql(query, rows), dimension.userProperty);
  return withPerson ? withPersonSql(query, rows) : rows;
}

/** What to select of events: columns, and which events; the condition begins with AND. */
export type Selection = { columns?: readonly string[]; condition?: string; withPerson?: boolean };

/** Returns the share of `whole`, 0 to 1; null when there is none: the whole is zero, or the part negative or larger. */
export function shareOf(part: number, whole: number): number | null {
  return whole > 0 && part >= 0 && part <= whole ? part / whole : null;
}
