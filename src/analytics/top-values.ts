import type { Rollups } from '../rollups/rollups.ts';
import { daySql } from '../warehouse/day-sql.ts';
import {
  type BoundSql,
  hasPropertySql,
  propertyParams,
  propertyTextSql,
  REVENUE_SQL,
  revenueCondition,
} from '../warehouse/event-sql.ts';
import { selectRevenue, selectValues } from './activity-rows.ts';
import { USER_SQL } from './person-sql.ts';
import type { AnalyticsQuery, FILTERS } from './query.ts';
import { queryCondition } from './query-sql.ts';

/** What events are grouped by: a column, or a property by its name. */
export type Dimension = { column: (typeof FILTERS)[number] } | { property: string };

/** Which values to return: the `limit` highest of a dimension. */
export type Ranking = { dimension: Dimension; limit: number };

/** A row of a ranking: the value at rank `place` (1 is the highest), all other values at 0, or the whole. */
export type Ranked<Row> = Row & { place: number; is_whole: number; value: string | null };

/** Returns SQL for an event's value of the dimension, null without one. */
function valueSql(dimension: Dimension): BoundSql {
  if ('column' in dimension) return { sql: `nullIf(${dimension.column}, '')`, params: {} };
  return {
    sql: `if(${hasPropertySql('property')}, ${propertyTextSql('property')}, NULL)`,
    params: propertyParams('property', dimension.property),
  };
}

/** Returns SQL of rows `(app_id, day, user, events, value)` of the query's events. */
export function selectRanked(rollups: Rollups, query: AnalyticsQuery, { dimension }: Ranking): BoundSql {
  const value = valueSql(dimension);
  if (!('column' in dimension))
    return selectEvents(query, value, `${USER_SQL} AS user, toUInt64(1) AS events`);
  const rows = selectValues(rollups, query);
  return {
    sql: `SELECT app_id, day, user, events, ${value.sql} AS value FROM (${rows.sql})`,
    params: { ...rows.params, ...value.params },
  };
}

/** Returns SQL of rows `(day, value, currency, amount)`: the revenue of the query's events. */
export function selectRankedRevenue(
  rollups: Rollups,
  query: AnalyticsQuery,
  { dimension }: Ranking,
): BoundSql {
  const value = valueSql(dimension);
  if (!('column' in dimension)) {
    const condition = ` AND ${revenueCondition(query.includesUnverifiedRevenue)}`;
    return selectEvents(query, value, `${REVENUE_SQL} AS amount, currency`, condition);
  }
  const rows = selectRevenue(rollups, query);
  return {
    sql: `SELECT day, ${value.sql} AS value, currency, amount FROM (${rows.sql})`,
    params: { ...rows.params, ...value.params },
  };
}

function selectEvents(query: AnalyticsQuery, value: BoundSql, columns: string, condition = ''): BoundSql {
  const events = queryCondition(query);
  const day = daySql(query, 'timestamp');
  return {
    sql: `SELECT app_id, ${day.sql} AS day, ${value.sql} AS value, ${columns}
          FROM events WHERE ${events.sql}${condition}`,
    params: { ...events.params, ...day.params, ...value.params },
  };
}

/** Returns the share of `whole`, 0 to 1; null when there is none: the whole is zero, or the part negative or larger. */
export function shareOf(part: number, whole: number): number | null {
  return whole > 0 && part >= 0 && part <= whole ? part / whole : null;
}
