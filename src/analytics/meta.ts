import { type Static, Type } from 'typebox';
import type { QueryScope } from './query.ts';

/** The `meta` fields of every answer, so that its metrics can be understood later. */
export const META_FIELDS = {
  app_id: Type.String(),
  timezone: Type.String(),
  filters: Type.Record(Type.String(), Type.Array(Type.String()), { description: 'As they were given.' }),
  currency: Type.String({ description: "ISO 4217 code of the single revenue figure: the app's." }),
  definitions: Type.Record(Type.String(), Type.String(), { description: 'How each metric is counted.' }),
  unverified_revenue: Type.Enum(['included', 'excluded'], {
    description:
      "Whether revenue that came with a client key counts: the project's count_unverified_revenue.",
  }),
  generated_at: Type.String({ format: 'date-time' }),
};

type Meta = { [Name in keyof typeof META_FIELDS]: Static<(typeof META_FIELDS)[Name]> };

/** Returns the `meta` fields for a scope. */
export function describeQuery(scope: QueryScope, definitions: Record<string, string>, nowMs: number): Meta {
  return {
    app_id: scope.app.id,
    timezone: scope.timezone,
    filters: scope.filters,
    currency: scope.app.currency,
    definitions,
    unverified_revenue: scope.includesUnverifiedRevenue ? 'included' : 'excluded',
    generated_at: new Date(nowMs).toISOString(),
  };
}
