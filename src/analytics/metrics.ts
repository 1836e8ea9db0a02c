import { Type } from 'typebox';
import type { FieldError } from '../api/errors.ts';

/** The metrics of a day, in the order of the answer. */
export const METRICS = ['dau', 'new_users', 'sessions', 'events', 'revenue'] as const;

/** A metric of a day. */
export type Metric = (typeof METRICS)[number];

const ITEMS_MAX = 20;

/** The query parameter that selects metrics. */
export const METRICS_QUERY = {
  metrics: Type.Optional(
    Type.Array(Type.String({ maxLength: 200 }), {
      maxItems: ITEMS_MAX,
      description: `The metrics to return: ${METRICS.map((metric) => `\`${metric}\``).join(', ')} (default: all). Separate them by commas, or repeat the parameter.`,
    }),
  ),
};

const isMetric = (name: string): name is Metric => METRICS.some((metric) => metric === name);

/** Returns the named metrics without repeats, in the order of the answer (all by default), or the errors. */
export function parseMetrics(
  given: readonly string[] = METRICS,
): { metrics: Metric[] } | { errors: FieldError[] } {
  const names = given.flatMap((text) => text.split(',')).map((name) => name.trim());
  const unknown = names.filter((name) => !isMetric(name));
  if (unknown.length === 0) return { metrics: METRICS.filter((metric) => names.includes(metric)) };
  const message = `metrics must be any of ${METRICS.join(', ')}; there is no ${unknown.map((name) => `"${name}"`).join(', ')}.`;
  return { errors: [{ field: 'metrics', code: 'invalid_choice', message }] };
}
