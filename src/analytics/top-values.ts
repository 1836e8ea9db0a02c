import { type BoundSql, hasPropertySql, propertyParams, propertyTextSql } from '../warehouse/event-sql.ts';
import type { AnalyticsQuery, FILTERS } from './query.ts';
import { daySql, queryCondition } from './query-sql.ts';

/** What events are grouped by: a column, or a property by its name. */
export type Dimension = { column: (typeof FILTERS)[number] } | { property: string };

/** Which values to return: the `limit` highest of a dimension. */
export type Ranking = { dimension: Dimension; limit: number };

/** A row of a ranking: the value at rank `place` (1 is the highest), all other values at 0, or the whole. */
export type Ranked<Row> = Row & { place: number; is_whole: number; value: string | null };

/** Returns SQL for an event's value of the dimension, null without one. */
export function valueSql(dimension: Dimension): BoundSql {
  if ('column' in dimension) return { sql: `nullIf(${dimension.column}, '')`, params: {} };
  return {
    sql: `if(${hasPropertySql('property')}, ${propertyTextSql('property')}, NULL)`,
    params: propertyParams('property', dimension.property),
  };
}

/** Returns SQL that selects `day`, `value` and these columns of the query's events. */
export function selectEvents(
  query: AnalyticsQuery,
  { dimension }: Ranking,
  columns: string,
  condition = '',
): BoundSql {
  const events = queryCondition(query);
  const day = daySql(query, 'timestamp');
  const value = valueSql(dimension);
  return {
    sql: `SELECT ${day.sql} AS day, ${value.sql} AS value, ${columns}
          FROM events WHERE ${events.sql}${condition}`,
    params: { ...events.params, ...day.params, ...value.params },
  };
}

/** Returns the share of `whole`, 0 to 1; null when there is none: the whole is zero, or the part negative or larger. */
export function shareOf(part: number, whole: number): number | null {
  return whole > 0 && part >= 0 && part <= whole ? part / whole : null;
}
