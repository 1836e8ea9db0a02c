/** SQL and the values bound to it. Values are never part of the text. */
export type BoundSql = { sql: string; params: Record<string, unknown> };

/** Returns SQL for the time in a parameter of epoch milliseconds, to compare with a DateTime64(3) column. */
export function timeSql(param: string): string {
  return `fromUnixTimestamp64Milli({${param}:Int64})`;
}

/** Returns SQL for whether an event has the property named by a parameter. An absent property extracts as ''. */
export function hasPropertySql(nameParam: string): string {
  return `JSONHas(properties, {${nameParam}:String})`;
}

/**
 * Returns SQL for the value of the property named by a parameter, as text: a string as it is, anything else as its JSON.
 * The number 2 and the string "2" are the same value.
 */
export function propertyTextSql(nameParam: string): string {
  const property = `properties, {${nameParam}:String}`;
  return `if(JSONType(${property}) = 'String', JSONExtractString(${property}), JSONExtractRaw(${property}))`;
}

/** SQL for the amount of an event that meets `revenueCondition`: a refund subtracts its absolute value. */
export const REVENUE_SQL = "if(event_name = 'refund', -abs(revenue), revenue)";

/**
 * Returns the condition for the events whose revenue counts. Without `includesUnverified`, revenue sent with a client
 * key is left out, because anyone who has the app can read that key.
 */
export function revenueCondition(includesUnverified: boolean): string {
  return `revenue IS NOT NULL${includesUnverified ? '' : ' AND verified = 1'}`;
}
