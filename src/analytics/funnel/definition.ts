import { type Static, Type } from 'typebox';
import { type FieldError, validationFailed } from '../../api/errors.ts';
import { closedObject, component } from '../../lib/schema.ts';
import { FILTER_QUERY } from '../query.ts';
import { findWhereMistake, WHERE_JSON, whereTarget } from './where.ts';

/** The orders in which steps may happen. */
export const FUNNEL_ORDERS = ['sequential', 'any'] as const;

const WINDOW_SECONDS_MAX = 90 * 24 * 60 * 60;
/** The window of a funnel without one: 7 days. */
export const WINDOW_SECONDS_DEFAULT = 7 * 24 * 60 * 60;
const STEPS_MAX = 10;
const CONDITIONS_MAX = 10;

const STEP_JSON = component(
  'FunnelStepDefinition',
  closedObject({
    event_name: Type.String({
      pattern: '^[a-z][a-z0-9_]{0,63}$',
      description: 'Name of the event.',
    }),
    where: Type.Optional(
      Type.Array(WHERE_JSON, {
        maxItems: CONDITIONS_MAX,
        description: 'Conditions that the event must meet, all of them.',
      }),
    ),
  }),
);

/** The fields that define a funnel, whatever the app and the days. */
export const FUNNEL_FIELDS = {
  steps: Type.Array(STEP_JSON, {
    minItems: 2,
    maxItems: STEPS_MAX,
    description: 'The steps. The same event may be in several.',
  }),
  window_seconds: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: WINDOW_SECONDS_MAX,
      description: `Time for all steps, from the first event (default ${WINDOW_SECONDS_DEFAULT}, 7 days).`,
    }),
  ),
  order: Type.Optional(
    Type.Enum([...FUNNEL_ORDERS], {
      description:
        '`sequential` (default): each step follows the one before it, other events may lie between. `any`: in any order.',
    }),
  ),
  filters: Type.Optional(
    component('FunnelFilters', closedObject(FILTER_QUERY), {
      description: 'Filters that the events of all steps must match.',
    }),
  ),
  breakdown: Type.Optional(
    Type.String({
      pattern: '^(platform|country|app_version|property:[\\s\\S]{1,128})$',
      description:
        'One funnel for each value: `platform`, `country`, `app_version`, or `property:NAME`, which also requires `events:read`. The value is that of the event that someone starts with.',
    }),
  ),
};

/** A funnel, whatever the app and the days. */
export const FUNNEL_DEFINITION = component('FunnelDefinition', closedObject(FUNNEL_FIELDS));

/** A funnel, whatever the app and the days. */
export type FunnelDefinition = Static<typeof FUNNEL_DEFINITION>;

/** Throws 422 for the mistakes in a definition that its schema does not find; `prefix` comes before the fields. */
export function requireValidFunnel({ steps }: Pick<FunnelDefinition, 'steps'>, prefix = ''): void {
  const errors = steps.flatMap(({ where = [] }, step) =>
    where
      .map((one, index) => findWhereMistake(one, `${prefix}steps.${step}.where.${index}`))
      .filter((error): error is FieldError => error !== undefined),
  );
  if (errors.length > 0) throw validationFailed(errors);
}

/** Whether a definition reads properties of events, whose values it would reveal. */
export function readsProperties({ steps, breakdown, filters }: FunnelDefinition): boolean {
  if (breakdown?.startsWith('property:') || filters?.property) return true;
  return steps.some(({ where = [] }) => where.some((one) => 'property' in whereTarget(one)));
}
