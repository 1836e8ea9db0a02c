import { type BoundSql, hasPropertySql, propertyParams, propertyTextSql } from '../warehouse/event-sql.ts';
import { NUMBER_PATTERN, type PropertyCondition, type PropertyOperator } from './property-condition.ts';

const OPERATORS: Record<PropertyOperator, (has: string, text: string, value: string) => string> = {
  is: (has, text, value) => `${has} AND ${text} = ${value}`,
  // The opposite of `is`: events without the property match too.
  is_not: (has, text, value) => `NOT (${has} AND ${text} = ${value})`,
  contains: (has, text, value) => `${has} AND position(${text}, ${value}) > 0`,
  exists: (has) => has,
  gt: (has, text, value) => `${has} AND ${numberSql(text)} > toFloat64OrNull(${value})`,
  lt: (has, text, value) => `${has} AND ${numberSql(text)} < toFloat64OrNull(${value})`,
};

/** The engine would read "inf" and " 1" as numbers. */
const numberSql = (text: string) => `toFloat64OrNull(if(match(${text}, '${NUMBER_PATTERN}'), ${text}, ''))`;

/**
 * Returns SQL that compares: `has` is SQL for whether the event has the property, `text` for its value as text, and `param` the
 * parameter that it is compared with.
 */
export const operatorSql = (op: PropertyOperator, has: string, text: string, param: string): string =>
  `ifNull(${OPERATORS[op](has, text, `{${param}:String}`)}, 0)`;

/** Returns the SQL of a condition for a property. `prefix` begins the names of its parameters. */
export function propertyConditionSql({ property, op, value }: PropertyCondition, prefix: string): BoundSql {
  const [name, valueParam] = [`${prefix}_name`, `${prefix}_value`];
  const sql = operatorSql(op, hasPropertySql(name), propertyTextSql(name), valueParam);
  return { sql, params: { ...propertyParams(name, property), [valueParam]: value } };
}
