import { type Static, Type } from 'typebox';
import { validationFailed } from '../api/errors.ts';
import type { closedObject } from '../lib/schema.ts';
import { parseTimestamp } from '../lib/timestamp.ts';
import { EVENT_MS_MIN } from '../warehouse/event-columns.ts';
import {
  type BoundSql,
  hasPropertySql,
  MAY_BE_OF_USERS_SQL,
  mayBeOfUsers,
  propertyParams,
  propertyTextSql,
  timeSql,
} from '../warehouse/event-sql.ts';
import { FILTER_COUNT_MAX, FILTER_LENGTH_MAX } from './filter-maxima.ts';
import { type PropertyCondition, parsePropertyCondition } from './property-condition.ts';
import { propertyConditionSql } from './property-condition-sql.ts';
import { parsePropertyFilter, propertyPattern } from './property-filter.ts';

/** The query parameters that filter by plain columns, not by time or properties. Streams support these. */
export const PLAIN_FILTERS = {
  app_id: Type.Optional(
    Type.String({ description: 'Only events of this app (default: every app of the key).' }),
  ),
  app_user_id: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: FILTER_LENGTH_MAX.app_user_id,
      description: 'Only events that were sent with this ID.',
    }),
  ),
  person: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: FILTER_LENGTH_MAX.app_user_id,
      description: 'Only events of the person with this ID, sent with any of the linked IDs.',
    }),
  ),
  event_name: Type.Optional(
    Type.Array(Type.String({ maxLength: FILTER_LENGTH_MAX.event_name }), {
      maxItems: FILTER_COUNT_MAX.event_name,
      description: 'Only events with this name; repeat it for several.',
    }),
  ),
};

/** The fields of an event's context that searches and exports filter by. */
const CONTEXT_COLUMNS = ['platform', 'country', 'app_version'] as const;

const contextFilter = (column: (typeof CONTEXT_COLUMNS)[number]) =>
  Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: FILTER_LENGTH_MAX[column],
      description: `Events with exactly this context.${column}.`,
    }),
  );

/** All query parameters that filter events. */
export const EVENT_FILTERS = {
  ...PLAIN_FILTERS,
  event_id: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: FILTER_LENGTH_MAX.event_id,
      description: 'Only the event with this ID.',
    }),
  ),
  session_id: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: FILTER_LENGTH_MAX.session_id,
      description: 'Only events of this session.',
    }),
  ),
  platform: contextFilter('platform'),
  country: contextFilter('country'),
  app_version: contextFilter('app_version'),
  from: Type.Optional(Type.String({ format: 'date-time', description: 'Events at or after this time.' })),
  to: Type.Optional(Type.String({ format: 'date-time', description: 'Events before this time.' })),
  property: Type.Optional(
    Type.Array(Type.String({ pattern: propertyPattern(FILTER_LENGTH_MAX.property_name), maxLength: 1_000 }), {
      maxItems: FILTER_COUNT_MAX.property,
      description:
        'Only events with this property, as `NAME:VALUE`, such as `plan:pro` or `files:2`; repeat it for several. Write a colon in `NAME` as `\\:`, and a backslash as `\\\\`.',
    }),
  ),
  where: Type.Optional(
    Type.Array(Type.String({ maxLength: 1_000 }), {
      maxItems: FILTER_COUNT_MAX.where,
      description: `Only events whose property meets this condition, as \`NAME:OPERATOR:VALUE\`, such as \`plan:is_not:free\` or \`price:gt:9.99\`; repeat it for several, which must all match. Operators: \`is\`, \`is_not\` (also events without the property), \`contains\`, \`exists\` (\`NAME:exists\`, without a value), \`gt\` and \`lt\` (greater and less than a number). \`NAME\` is written as in \`property\`.`,
    }),
  ),
};

type EventFilters = Static<ReturnType<typeof closedObject<typeof EVENT_FILTERS>>>;

/** SQL conditions and the values bound to them. Values are never part of the text. */
export type Filter = {
  conditions: string[];
  params: Record<string, unknown>;
  /** Only events from `from` up to, not including, `to` match, epoch milliseconds. The conditions contain both. */
  times: { from: number; to: number | undefined };
  /** Set if only events of some users match: whether all are in one app, whose events the table has in the order of time. */
  ofUsers?: { isOneApp: boolean };
};

/** Returns the filter for the events of these apps that match the query parameters. Throws 422. */
export function buildFilter(projectId: string, appIds: readonly string[], filters: EventFilters): Filter {
  const filter: Filter = {
    conditions: ['project_id = {project_id:String}'],
    params: { project_id: projectId },
    times: parseTimes(filters),
  };
  addCondition(filter, 'app_id IN {app_ids:Array(String)}', { app_ids: appIds });
  for (const column of ['event_id', 'session_id', ...CONTEXT_COLUMNS] as const) {
    const value = filters[column];
    if (value !== undefined) addCondition(filter, `${column} = {${column}:String}`, { [column]: value });
  }
  const { event_name: event_names } = filters;
  if (event_names) addCondition(filter, 'event_name IN {event_names:Array(String)}', { event_names });
  addTimes(filter);
  for (const [index, text] of (filters.property ?? []).entries()) addProperty(filter, text, index);
  for (const [index, condition] of parseConditions(filters.where).entries()) {
    const { sql, params } = propertyConditionSql(condition, `where_${index}`);
    addCondition(filter, sql, params);
  }
  const { app_user_id } = filters;
  if (app_user_id === undefined) return filter;
  const isUser = { sql: 'app_user_id = {app_user_id:String}', params: { app_user_id } };
  return withUsers(filter, { appIds, userIds: [app_user_id] }, isUser);
}

/** Returns SQL of the events that match a filter: what follows FROM. */
export const matchingSql = ({ conditions, ofUsers }: Filter): string =>
  `events ${ofUsers ? `PREWHERE ${MAY_BE_OF_USERS_SQL} ` : ''}WHERE ${conditions.join(' AND ')}`;

function parseConditions(texts: readonly string[] = []): PropertyCondition[] {
  const parsed = texts.map((text) => parsePropertyCondition(text));
  const errors = parsed.flatMap((one, index) =>
    typeof one === 'string'
      ? [{ field: `where.${index}`, code: 'invalid_format', message: `where.${index} ${one}` }]
      : [],
  );
  if (errors.length > 0) throw validationFailed(errors);
  return parsed.filter((one) => typeof one !== 'string');
}

function addCondition(filter: Filter, condition: string, params: Record<string, unknown>): void {
  filter.conditions.push(condition);
  Object.assign(filter.params, params);
}

/** Returns a copy of a filter with one more condition. */
export function withCondition(filter: Filter, condition: string, params: Record<string, unknown>): Filter {
  return {
    ...filter,
    conditions: [...filter.conditions, condition],
    params: { ...filter.params, ...params },
  };
}

/** Returns a copy of a filter with a condition that only events of these users of its apps meet. */
export function withUsers(
  filter: Filter,
  { appIds, userIds }: { appIds: readonly string[]; userIds: readonly string[] },
  { sql, params }: BoundSql,
): Filter {
  const [app, ...others] = appIds;
  const isOneApp = others.length === 0;
  // Of a list, even of one app, the engine does not know that it has the events in the order of time.
  const inApp = isOneApp
    ? withCondition(filter, 'app_id = {app_of_users:String}', { app_of_users: app })
    : filter;
  return { ...withCondition(inApp, sql, { ...params, ...mayBeOfUsers(userIds) }), ofUsers: { isOneApp } };
}

function parseTimes(filters: EventFilters): Filter['times'] {
  const from = filters.from === undefined ? undefined : parseTimestamp(filters.from);
  const to = filters.to === undefined ? undefined : parseTimestamp(filters.to);
  if (from !== undefined && to !== undefined && from >= to) {
    throw validationFailed([{ field: 'to', code: 'out_of_range', message: 'to must be later than from.' }]);
  }
  return { from: Math.max(from ?? EVENT_MS_MIN, EVENT_MS_MIN), to };
}

function addTimes(filter: Filter): void {
  const { from, to } = filter.times;
  addCondition(filter, `timestamp >= ${timeSql('from_ms')}`, { from_ms: from });
  if (to !== undefined) addCondition(filter, `timestamp < ${timeSql('to_ms')}`, { to_ms: to });
}

/** `plan:pro` finds the string "pro"; `files:2` finds the number 2 and the string "2". */
function addProperty(filter: Filter, text: string, index: number): void {
  const property = parsePropertyFilter(text);
  if (property === undefined) throw new Error('The schema accepted a property filter without a colon.');
  const [name, value] = [`property_name_${index}`, `property_value_${index}`];
  // An absent property extracts as '' and must not match an empty value.
  const condition = `${hasPropertySql(name)} AND {${value}:String} = ${propertyTextSql(name)}`;
  addCondition(filter, condition, { ...propertyParams(name, property.name), [value]: property.value });
}
