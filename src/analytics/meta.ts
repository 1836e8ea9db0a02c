import { type Static, Type } from 'typebox';
import { findRetainedFrom } from '../erasure/retention.ts';
import { nullable } from '../lib/schema.ts';
import type { QueryScope } from './query.ts';

/** The `meta` fields of every answer, so that its metrics can be understood later. */
export const META_FIELDS = {
  app_id: Type.String({ description: 'The app, or `all`.' }),
  timezone: Type.String({ description: 'IANA name of the time zone that days start in.' }),
  filters: Type.Record(Type.String(), Type.Array(Type.String()), { description: 'The filters, as sent.' }),
  currency: Type.String({ description: 'ISO 4217 code of the currency of the app.' }),
  definitions: Type.Record(Type.String(), Type.String(), { description: 'How each metric is counted.' }),
  unverified_revenue: Type.Enum(['included', 'excluded'], {
    description:
      'Whether revenue sent with a client key counts: the setting `count_unverified_revenue` of the project.',
  }),
  retained_from: nullable(Type.String({ format: 'date-time' }), {
    description:
      'Events before this time are deleted, see `retention_days` of the project: metrics of earlier days lack them. null if all are kept.',
  }),
  generated_at: Type.String({ format: 'date-time', description: 'When the query ran.' }),
};

type Meta = { [Name in keyof typeof META_FIELDS]: Static<(typeof META_FIELDS)[Name]> };

/** Returns the `meta` fields for a scope. */
export function describeQuery(scope: QueryScope, definitions: Record<string, string>, nowMs: number): Meta {
  return {
    app_id: scope.appId,
    timezone: scope.timezone,
    filters: scope.filters,
    currency: scope.currency,
    definitions,
    unverified_revenue: scope.includesUnverifiedRevenue ? 'included' : 'excluded',
    retained_from: toRetainedFrom(scope, nowMs),
    generated_at: new Date(nowMs).toISOString(),
  };
}

function toRetainedFrom(scope: QueryScope, nowMs: number): string | null {
  const retainedFrom = findRetainedFrom(scope, nowMs);
  return retainedFrom === undefined ? null : new Date(retainedFrom).toISOString();
}
