import type { Rollups } from '../rollups/rollups.ts';
import { daySql } from '../warehouse/day-sql.ts';
import {
  type BoundSql,
  hasPropertySql,
  jsonTextSql,
  propertyJsonSql,
  propertyParams,
  propertyTextSql,
  REVENUE_SQL,
  revenueCondition,
} from '../warehouse/event-sql.ts';
import { selectRevenue, selectValues } from './activity-rows.ts';
import { USER_SQL, withPersonSql, withUserPropertySql } from './person-sql.ts';
import type { AnalyticsQuery, FILTERS } from './query.ts';
import { queryCondition } from './query-sql.ts';

/** What events are grouped by: a column, or a property of theirs by its name. */
export type EventDimension = { column: (typeof FILTERS)[number] } | { property: string };

/** What events are grouped by: something of theirs, or a property of their user by its name. */
export type Dimension = EventDimension | { userProperty: string };

/** Which values to return: the `limit` highest of a dimension. */
export type Ranking = { dimension: Dimension; limit: number };

/** A row of a ranking: the value at rank `place` (1 is the highest), all other values at 0, or the whole. */
export type Ranked<Row> = Row & { place: number; is_whole: number; value: string | null };

/** Returns SQL for an event's value of the dimension, null without one. */
export function valueSql(dimension: EventDimension): BoundSql {
  if ('column' in dimension) return { sql: `nullIf(${dimension.column}, '')`, params: {} };
  return {
    sql: `if(${hasPropertySql('property')}, ${propertyTextSql('property')}, NULL)`,
    params: propertyParams('property', dimension.property),
  };
}

/** SQL of rows with a `key` each, and SQL that makes the value of a key. A value may have several keys. */
export type RankedRows = { rows: BoundSql; value: BoundSql };

/**
 * Returns SQL of rows `(events, key)` of the query's events, with `person` if `hasPersons`. Making the value from the few keys takes
 * less time than making it for each event.
 */
export function selectRanked(
  rollups: Rollups,
  query: AnalyticsQuery,
  { dimension, hasPersons }: Pick<Ranking, 'dimension'> & { hasPersons: boolean },
): RankedRows {
  const addPersons = (rows: BoundSql) => (hasPersons ? withPersonSql(query, rows) : rows);
  if ('userProperty' in dimension) {
    const persons = withPersonSql(query, selectValues(rollups, query));
    const { sql, params } = withUserPropertySql(query, persons, dimension.userProperty);
    return {
      rows: { sql: `SELECT events, person, value AS key FROM (${sql})`, params },
      value: { sql: 'key', params: {} },
    };
  }
  if ('property' in dimension) {
    const key = {
      sql: propertyJsonSql('property'),
      params: propertyParams('property', dimension.property),
    };
    const columns = `toUInt64(1) AS events${hasPersons ? `, ${USER_SQL} AS user` : ''}`;
    return { rows: addPersons(selectEvents(query, { key }, columns)), value: jsonTextSql('key') };
  }
  const { sql, params } = selectValues(rollups, query);
  const rows = { sql: `SELECT app_id, user, events, ${dimension.column} AS key FROM (${sql})`, params };
  return { rows: addPersons(rows), value: { sql: "nullIf(key, '')", params: {} } };
}

/** Returns SQL of rows `(day, value, currency, amount)`: the revenue of the query's events. */
export function selectRankedRevenue(
  rollups: Rollups,
  query: AnalyticsQuery,
  { dimension }: Ranking,
): BoundSql {
  if ('userProperty' in dimension)
    return withUserPropertySql(query, withPersonSql(query, selectUserRevenue(query)), dimension.userProperty);
  const value = valueSql(dimension);
  if (!('column' in dimension)) {
    const condition = ` AND ${revenueCondition(query.includesUnverifiedRevenue)}`;
    return selectEvents(query, { value }, `${REVENUE_SQL} AS amount, currency`, condition);
  }
  const rows = selectRevenue(rollups, query);
  return {
    sql: `SELECT day, ${value.sql} AS value, currency, amount FROM (${rows.sql})`,
    params: { ...rows.params, ...value.params },
  };
}

function selectEvents(
  query: AnalyticsQuery,
  named: Record<string, BoundSql>,
  columns: string,
  condition = '',
): BoundSql {
  const events = queryCondition(query);
  const day = daySql(query, 'timestamp');
  const added = Object.entries(named).map(([name, { sql }]) => `${sql} AS ${name}`);
  return {
    sql: `SELECT app_id, ${day.sql} AS day, ${[...added, columns].join(', ')}
          FROM events WHERE ${events.sql}${condition}`,
    params: Object.assign({}, events.params, day.params, ...Object.values(named).map(({ params }) => params)),
  };
}

/** Returns SQL of rows `(app_id, day, user, currency, amount)`: the revenue of the query's events, by user. */
function selectUserRevenue(query: AnalyticsQuery): BoundSql {
  const events = queryCondition(query);
  const day = daySql(query, 'timestamp');
  const condition = revenueCondition(query.includesUnverifiedRevenue);
  return {
    sql: `SELECT app_id, ${day.sql} AS day, ${USER_SQL} AS user, ${REVENUE_SQL} AS amount, currency
          FROM events WHERE ${events.sql} AND ${condition}`,
    params: { ...events.params, ...day.params },
  };
}

/** Returns the share of `whole`, 0 to 1; null when there is none: the whole is zero, or the part negative or larger. */
export function shareOf(part: number, whole: number): number | null {
  return whole > 0 && part >= 0 && part <= whole ? part / whole : null;
}
