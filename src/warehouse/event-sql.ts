/** SQL and the values bound to it. Values are never part of the text. */
export type BoundSql = { sql: string; params: Record<string, unknown> };

/** Returns SQL for the time in a parameter of epoch milliseconds, to compare with a DateTime64(3) column. */
export function timeSql(param: string): string {
  return `fromUnixTimestamp64Milli({${param}:Int64})`;
}

/**
 * SQL that is true for all events of the users in `mayBeOfUsers`, and for few others. In PREWHERE, it keeps the engine from reading more
 * of nearly all events than 2 bytes.
 */
export const MAY_BE_OF_USERS_SQL =
  'user_hash IN (SELECT toUInt16(sipHash64(arrayJoin({hashed_users:Array(String)}))))';

/** Returns the parameters of MAY_BE_OF_USERS_SQL. */
export const mayBeOfUsers = (userIds: readonly string[]) => ({ hashed_users: userIds });

/** Returns SQL for whether an event has the property named by a parameter. An absent property extracts as ''. */
export function hasPropertySql(nameParam: string): string {
  return `JSONHas(properties, {${nameParam}:String})`;
}

/**
 * Returns SQL for the value of a property as text: a string as it is, anything else as its JSON. The number 2 and the
 * string "2" are the same value. `param` is the parameter of the property's name; `propertyParams` returns all that the
 * SQL needs. `json` is SQL for the object with the property.
 */
export function propertyTextSql(param: string, json = 'properties'): string {
  const property = `${json}, {${param}:String}`;
  const number = `JSONExtractFloat(${property})`;
  // The engine reads a long number as a double; its digits are in the text. A member of that name may also be inside
  // another property, so it must be about the same number.
  const isSame = `sent -> abs(toFloat64OrZero(sent) - ${number}) <= abs(${number}) / 1e14`;
  const sent = `arrayFirst(${isSame}, extractAll(${json}, {${param}_digits:String}))`;
  return `multiIf(JSONType(${property}) = 'String', JSONExtractString(${property}),
    JSONType(${property}) = 'Double' AND ${sent} != '', ${sent}, JSONExtractRaw(${property}))`;
}

/**
 * Returns SQL for a property's JSON, '' without the property. As a rule, equal values have the same JSON. Nearly all events
 * have no object in their properties and no escaped character: there the first member of that name is the property, and
 * searching for it takes half as long as parsing.
 */
export function propertyJsonSql(param: string): string {
  const property = `properties, {${param}:String}`;
  const isFlat = `{${param}_is_plain:Bool} AND countSubstrings(properties, '{') = 1 AND position(properties, '\\\\') = 0`;
  const parsed = `JSONExtractRaw(${property})`;
  // Of other numbers, only the text keeps all digits.
  const isExact = `${parsed} = toString(toInt64OrZero(${parsed})) OR NOT match(${parsed}, '^[-0-9]')`;
  return `if(${isFlat}, simpleJSONExtractRaw(${property}),
    if(${isExact}, ${parsed}, toJSONString(${propertyTextSql(param)})))`;
}

const JSON_NAME = 'value';

/** Returns SQL for the text of what `propertyJsonSql` returns, see `propertyTextSql`; null without the property. */
export function jsonTextSql(json: string): BoundSql {
  const object = `concat('{"${JSON_NAME}":', ${json}, '}')`;
  return {
    sql: `if(${json} = '', NULL, ${propertyTextSql('json_name', object)})`,
    params: propertyParams('json_name', JSON_NAME),
  };
}

/**
 * What can be after the quote that ends a text. A name that starts with it could be found where another member ends and a text that
 * starts with a colon begins: `":":` in `{"a":":","b":1}`.
 */
const AFTER_TEXT = /^[:,\]}]/;

const LONG_NUMBER = '(-?[0-9.]{17,})(?:e0)?[,}]';

/** Returns the values of the parameters of SQL for a property. */
export function propertyParams(param: string, name: string): Record<string, string | boolean> {
  const written = JSON.stringify(name.toWellFormed());
  const member = `${written}:`.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&');
  return {
    [param]: name,
    [`${param}_digits`]: member + LONG_NUMBER,
    [`${param}_is_plain`]: name !== '' && written === `"${name}"` && !AFTER_TEXT.test(name),
  };
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
