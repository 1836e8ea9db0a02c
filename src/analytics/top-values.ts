import { daySql, queryCondition } from './conditions.ts';
import type { AnalyticsQuery, FILTERS } from './filters.ts';

/** What events are told apart by: a column, or a property by its name. */
export type Dimension = { column: (typeof FILTERS)[number] } | { property: string };

/** Which values are told apart: the `limit` highest ones of a dimension. */
export type Ranking = { dimension: Dimension; limit: number };

/** A row of a ranking: the value at `place` (1 is the highest), all others at 0, or the whole. */
export type Ranked<Row> = Row & { place: number; is_whole: number; value: string | null };

/** A property's text, or the JSON of what is no text: the number 2 and the text "2" are one value, as in a search. */
const PROPERTY_SQL = `if(JSONHas(properties, {property:String}),
  if(JSONType(properties, {property:String}) = 'String', JSONExtractString(properties, {property:String}),
    JSONExtractRaw(properties, {property:String})), NULL)`;

/** Returns SQL for the value of an event, null when it carries none, and the values bound to it. */
export function valueSql(dimension: Dimension): { sql: string; params: Record<string, unknown> } {
  if ('property' in dimension) return { sql: PROPERTY_SQL, params: { property: dimension.property } };
  return { sql: `nullIf(${dimension.column}, '')`, params: {} };
}

/** Returns SQL for the question's events with their `value` and these columns, and the values bound to it. */
export function selectEvents(
  question: AnalyticsQuery,
  { dimension }: Ranking,
  columns: string,
  condition = '',
): { sql: string; params: Record<string, unknown> } {
  const events = queryCondition(question);
  const value = valueSql(dimension);
  return {
    sql: `SELECT ${daySql('timestamp')} AS day, ${value.sql} AS value, ${columns}
          FROM events WHERE ${events.sql}${condition}`,
    params: { ...events.params, ...value.params },
  };
}

/** Returns which part of `whole` this is, 0 to 1; null where it is no part: of nothing, negative, or more than all. */
export function shareOf(part: number, whole: number): number | null {
  return whole > 0 && part >= 0 && part <= whole ? part / whole : null;
}
