import { type BoundSql, hasPropertySql, propertyParams, propertyTextSql } from '../warehouse/event-sql.ts';
import type { PropertyCondition, PropertyOperator } from './property-condition.ts';

/** SQL of each operator: `has` says whether the event has the property, `text` is its value as text. */
const OPERATORS: Record<PropertyOperator, (has: string, text: string, value: string) => string> = {
  is: (has, text, value) => `${has} AND ${text} = ${value}`,
  // The opposite of `is`: events without the property match too.
  is_not: (has, text, value) => `NOT (${has} AND ${text} = ${value})`,
  contains: (has, text, value) => `${has} AND position(${text}, ${value}) > 0`,
  exists: (has) => has,
  gt: (has, text, value) => `${has} AND toFloat64OrNull(${text}) > toFloat64(${value})`,
  lt: (has, text, value) => `${has} AND toFloat64OrNull(${text}) < toFloat64(${value})`,
};

/** Returns the SQL of a condition for a property. `prefix` begins the names of its parameters. */
export function propertyConditionSql({ property, op, value }: PropertyCondition, prefix: string): BoundSql {
  const [name, valueParam] = [`${prefix}_name`, `${prefix}_value`];
  const sql = OPERATORS[op](hasPropertySql(name), propertyTextSql(name), `{${valueParam}:String}`);
  return { sql: `ifNull(${sql}, 0)`, params: { ...propertyParams(name, property), [valueParam]: value } };
}
