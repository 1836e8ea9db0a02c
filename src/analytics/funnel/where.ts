import { type Static, Type } from 'typebox';
import type { FieldError } from '../../api/errors.ts';
import { isNumber, PROPERTY_OPERATORS } from '../../events/property-condition.ts';
import { operatorSql } from '../../events/property-condition-sql.ts';
import { closedObject, component } from '../../lib/schema.ts';
import { type BoundSql, hasPropertySql, propertyParams, propertyTextSql } from '../../warehouse/event-sql.ts';

/** The columns of an event that a condition may name instead of a property. */
export const WHERE_COLUMNS = ['platform', 'country', 'app_version'] as const;

type WhereColumn = (typeof WHERE_COLUMNS)[number];

/** Before the name of a property that is named like a column. */
export const PROPERTY_PREFIX = 'property:';

/** A condition for the events of a step. */
export const WHERE_JSON = component(
  'FunnelCondition',
  closedObject({
    property: Type.String({
      minLength: 1,
      maxLength: 128 + PROPERTY_PREFIX.length,
      description:
        '`platform`, `country`, `app_version`, or the name of a property, which requires `events:read`. `property:NAME` is always a property.',
    }),
    op: Type.Enum([...PROPERTY_OPERATORS], {
      description:
        '`is`, `is_not` (also events without the property), `contains`, `exists` (without `value`), `gt` and `lt` (greater and less than a number).',
    }),
    value: Type.Optional(
      Type.String({ maxLength: 1_000, description: 'What to compare with. Case-sensitive.' }),
    ),
  }),
);

/** A condition for the events of a step. */
export type Where = Static<typeof WHERE_JSON>;

/** Returns what a condition compares: a column of events, or a property by its name. */
export function whereTarget({
  property,
}: Pick<Where, 'property'>): { column: WhereColumn } | { property: string } {
  const column = WHERE_COLUMNS.find((name) => name === property);
  if (column) return { column };
  return {
    property: property.startsWith(PROPERTY_PREFIX) ? property.slice(PROPERTY_PREFIX.length) : property,
  };
}

/** Returns the mistake in a condition at `field`, which its schema does not find; undefined if there is none. */
export function findWhereMistake({ op, value }: Where, field: string): FieldError | undefined {
  const at = `${field}.value`;
  if (op === 'exists') {
    if (value === undefined) return undefined;
    return { field: at, code: 'contradiction', message: 'Send no value with exists.' };
  }
  if (value === undefined) return { field: at, code: 'required', message: `value is required with ${op}.` };
  if (op === 'contains' && value === '')
    return {
      field: at,
      code: 'out_of_range',
      message: 'value must have at least 1 character with contains.',
    };
  if ((op === 'gt' || op === 'lt') && !isNumber(value))
    return { field: at, code: 'invalid_format', message: `value must be a number with ${op}.` };
  return undefined;
}

/** Returns the SQL of a condition. `prefix` begins the names of its parameters. */
export function whereSql(where: Where, prefix: string): BoundSql {
  const target = whereTarget(where);
  const value = `${prefix}_value`;
  const params = { [value]: where.value ?? '' };
  const render = (has: string, text: string) => operatorSql(where.op, has, text, value);
  if ('column' in target) return { sql: render(`${target.column} != ''`, target.column), params };
  return {
    sql: render(hasPropertySql(prefix), propertyTextSql(prefix)),
    params: { ...params, ...propertyParams(prefix, target.property) },
  };
}
