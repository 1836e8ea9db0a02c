import { Type } from 'typebox';
import type { FieldError } from '../api/errors.ts';

/** The metrics of a day, in the order of the answer. */
export const METRICS = ['dau', 'new_users', 'sessions', 'events', 'revenue'] as const;

/** A metric of a day. */
export type Metric = (typeof METRICS)[number];

/** The metrics of an hour: `dau` has another name there, because it is no count per day. */
export const HOUR_METRICS = ['active_users', 'new_users', 'sessions', 'events', 'revenue'] as const;

/** A metric of an hour. */
export type HourMetric = (typeof HOUR_METRICS)[number];

const ITEMS_MAX = 20;

/** Returns the query parameter that selects some of these metrics. */
export const metricsQuery = (names: readonly string[]) => ({
  metrics: Type.Optional(
    Type.Array(Type.String({ maxLength: 200 }), {
      maxItems: ITEMS_MAX,
      description: `The metrics to return: ${names.map((metric) => `\`${metric}\``).join(', ')} (default: all). Separate them by commas, or repeat the parameter.`,
    }),
  ),
});

/** Returns the named metrics without repeats, in the order of the answer (all by default), or the errors. */
export function parseMetrics<Name extends string>(
  all: readonly Name[],
  given: readonly string[] = all,
): { metrics: Name[] } | { errors: FieldError[] } {
  const names = given.flatMap((text) => text.split(',')).map((name) => name.trim());
  const unknown = names.filter((name) => !all.some((metric) => metric === name));
  if (unknown.length === 0) return { metrics: all.filter((metric) => names.includes(metric)) };
  const message = `metrics must be any of ${all.join(', ')}; there is no ${unknown.map((name) => `"${name}"`).join(', ')}.`;
  return { errors: [{ field: 'metrics', code: 'invalid_choice', message }] };
}
