import { setImmediate } from 'node:timers/promises';
import { type Static, Type } from 'typebox';
import type { Caller } from '../../api/caller.ts';
import { validationFailed } from '../../api/errors.ts';
import { requireScope } from '../../api/permission.ts';
import type { App } from '../../directory/app.ts';
import { formatDay } from '../../lib/calendar.ts';
import { SECOND_MS } from '../../lib/durations.ts';
import { StorageError } from '../../lib/errors.ts';
import { closedObject, component, nullable } from '../../lib/schema.ts';
import { dayAt } from '../../lib/zone-offsets.ts';
import type { Warehouse } from '../../warehouse/open.ts';
import { FUNNEL_DEFINITIONS } from '../definitions.ts';
import { describeQuery, META_FIELDS } from '../meta.ts';
import { type AnalyticsServices, COMMON_QUERY, parseQueryScope } from '../query.ts';
import { parseDayRange, RANGE_QUERY } from '../range.ts';
import { findAnyOrder } from './any-order.ts';
import {
  FUNNEL_DEFINITION,
  FUNNEL_FIELDS,
  FUNNEL_ORDERS,
  type FunnelDefinition,
  readsProperties,
  requireValidFunnel,
  WINDOW_SECONDS_DEFAULT,
} from './definition.ts';
import { findSequence } from './sequence.ts';
import { type FunnelQuery, OTHER_VALUE, stepsOfPeopleSql, topValuesSql } from './sql.ts';
import { createFunnelTally, type FunnelTally } from './tally.ts';
import { unpackPeople } from './unpack.ts';

/** The body of a funnel query. */
export const FUNNEL_BODY = component(
  'FunnelQuery',
  closedObject({
    app_id: COMMON_QUERY.app_id,
    timezone: COMMON_QUERY.timezone,
    ...RANGE_QUERY,
    ...FUNNEL_FIELDS,
  }),
);

const COUNT = Type.Integer({ minimum: 0, description: 'People who did this step and all steps before it.' });
const PART = Type.Number({ minimum: 0, maximum: 1 });

const STEP_ROW = component(
  'FunnelStep',
  closedObject({
    event_name: Type.String({ description: 'Name of the event of the step.' }),
    users: COUNT,
    conversion: nullable(PART, {
      description: 'Part of those who did the first step; null if there are none.',
    }),
    conversion_from_previous: nullable(PART, {
      description: 'Part of those who did the previous step; null for the first step, or if there are none.',
    }),
    median_seconds: nullable(Type.Number({ minimum: 0 }), {
      description:
        'Median time since the previous step, or since the first event with the order `any`; null for the first step, or if there are none.',
    }),
  }),
);

const VALUE_ROW = component(
  'FunnelOfValue',
  closedObject({
    value: nullable(Type.String(), {
      description: 'The value of the breakdown; null for events without one.',
    }),
    steps: Type.Array(STEP_ROW),
  }),
);

/** Answer of a funnel query. */
export const FUNNEL_ANSWER = component(
  'FunnelReport',
  closedObject({
    data: Type.Union([Type.Array(STEP_ROW), Type.Array(VALUE_ROW)], {
      description:
        'A row per step; with `breakdown`, a funnel for each of the 100 most frequent values, the one with the most people first.',
    }),
    other: Type.Optional(
      closedObject({
        steps: Type.Array(STEP_ROW, { description: 'All other values of the breakdown together.' }),
      }),
    ),
    meta: closedObject({
      ...META_FIELDS,
      start: Type.String({ format: 'date', description: 'First day.' }),
      end: Type.String({ format: 'date', description: 'Last day.' }),
      steps: FUNNEL_DEFINITION.properties.steps,
      window_seconds: Type.Integer({ description: 'Time for all steps.' }),
      order: Type.Enum([...FUNNEL_ORDERS], { description: 'The order of the steps.' }),
      breakdown: nullable(Type.String(), { description: 'The dimension; null without one.' }),
    }),
  }),
);

type Body = Static<typeof FUNNEL_BODY>;
type Answer = Static<typeof FUNNEL_ANSWER>;

/** Returns how many people did each step. Throws 403, 422, StorageError. */
export async function answerFunnel(
  services: AnalyticsServices,
  caller: Caller,
  app: App | undefined,
  body: Body,
  signal: AbortSignal,
): Promise<Answer> {
  requireValidFunnel(body);
  // It would reveal the values of properties, so it needs permission to read events.
  if (readsProperties(body)) requireScope(caller.principal, 'events:read');
  const nowMs = services.clock.now();
  const { app_id, timezone, filters, window_seconds = WINDOW_SECONDS_DEFAULT, order = 'sequential' } = body;
  const scope = parseQueryScope(services, caller, app, {
    ...filters,
    ...(app_id !== undefined && { app_id }),
    ...(timezone !== undefined && { timezone }),
  });
  const days = parseDayRange(body, dayAt(scope.timezone, nowMs));
  if ('errors' in days) throw validationFailed(days.errors);
  const funnel = {
    query: { ...scope, range: days.range },
    definition: { ...body, order },
    windowMs: window_seconds * SECOND_MS,
  };
  return {
    ...(await countFunnel(services.warehouse, funnel, signal)),
    meta: {
      ...describeQuery(scope, FUNNEL_DEFINITIONS, nowMs),
      start: formatDay(days.range.first),
      end: formatDay(days.range.last),
      steps: body.steps,
      window_seconds,
      order,
      breakdown: body.breakdown ?? null,
    },
  };
}

async function countFunnel(
  warehouse: Pick<Warehouse, 'query'>,
  funnel: FunnelQuery,
  signal: AbortSignal,
): Promise<Pick<Answer, 'data' | 'other'>> {
  const { steps, breakdown } = funnel.definition;
  const toRows = (tally: FunnelTally) =>
    tally.rows().map((row, step) => ({ event_name: steps[step]?.event_name ?? '', ...row }));
  if (breakdown === undefined) {
    const tallies = await tallyPeople(warehouse, funnel, [], signal);
    return { data: toRows(tallies.get(0) ?? newTally(funnel.definition)) };
  }
  const top = topValuesSql(funnel);
  const found = await warehouse.query<{ value: string }>(top.sql, top.params, { signal });
  const values = found.map(({ value }) => value);
  const tallies = await tallyPeople(warehouse, funnel, values, signal);
  const ranked = values
    .map((value, place) => ({ value: value === '' ? null : value.slice(1), tally: tallies.get(place) }))
    .filter((one): one is { value: string | null; tally: FunnelTally } => one.tally !== undefined)
    .sort((one, other) => other.tally.users() - one.tally.users());
  return {
    data: ranked.map(({ value, tally }) => ({ value, steps: toRows(tally) })),
    other: { steps: toRows(tallies.get(OTHER_VALUE) ?? newTally(funnel.definition)) },
  };
}

const newTally = ({ steps, order }: FunnelDefinition) => createFunnelTally(steps.length, order === 'any');

/** How many parts the people are read in, one after another, if fewer need more memory than a query may use. */
const PARTS = [1, 8, 64] as const;

async function tallyPeople(
  warehouse: Pick<Warehouse, 'query'>,
  funnel: FunnelQuery,
  values: readonly string[],
  signal: AbortSignal,
): Promise<Map<number, FunnelTally>> {
  for (const parts of PARTS) {
    try {
      return await tallyInParts(warehouse, funnel, { values, parts }, signal);
    } catch (error) {
      const isTooLarge = error instanceof StorageError && error.reason === 'too_large';
      if (!isTooLarge || parts === PARTS.at(-1)) throw error;
    }
  }
  return new Map();
}

async function tallyInParts(
  warehouse: Pick<Warehouse, 'query'>,
  funnel: FunnelQuery,
  { values, parts }: { values: readonly string[]; parts: number },
  signal: AbortSignal,
): Promise<Map<number, FunnelTally>> {
  const { definition, windowMs } = funnel;
  const find = definition.order === 'any' ? findAnyOrder : findSequence;
  const options = { stepCount: definition.steps.length, windowMs };
  const tallies = new Map<number, FunnelTally>();
  for (let part = 0; part < parts; part += 1) {
    const { sql, params } = stepsOfPeopleSql(funnel, values, { part, parts });
    for (const { events } of await warehouse.query<{ events: string }>(sql, params, { signal })) {
      unpackPeople(events, (person) => {
        const attempt = find(person, options);
        if (attempt === undefined) return;
        const tally = tallies.get(attempt.value) ?? newTally(definition);
        tallies.set(attempt.value, tally);
        tally.add(attempt);
      });
      // Each row is a few milliseconds of work.
      await setImmediate();
    }
  }
  return tallies;
}
