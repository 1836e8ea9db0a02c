import { type Static, Type } from 'typebox';
import type { Caller } from '../api/caller.ts';
import { SDK_IDS } from '../api/dialect.ts';
import { ApiError } from '../api/errors.ts';
import { defineRoute } from '../api/route.ts';
import type { App } from '../directory/app.ts';
import type { Clock } from '../lib/clock.ts';
import { closedObject, component, WITHOUT_NUL } from '../lib/schema.ts';
import { COUNTS_MAX, INTERVALS_MS, KEPT_DAYS } from './count-store.ts';
import { COUNTED_SDK_IDS } from './counted-sdk.ts';
import type { Ingestion } from './ingestion.ts';
import { OTHER_SOURCES, type PeriodCounts } from './period-sums.ts';
import { parseRange, RANGE_QUERY } from './range.ts';

const count = (description: string) => Type.Integer({ minimum: 0, description });

/** What an `sdk_id` is, in answers. */
export const SDK_ID_DESCRIPTION = `What sent them: \`appflow\` (its own API), or the vendor of the SDK: ${SDK_IDS.map((id) => `\`${id}\``).join(', ')}. \`unknown\`: counted before Appflow recorded SDKs, or refused before the SDK was known.`;

/** The filters that both routes have. */
export const INGESTION_FILTERS = {
  key_id: Type.Optional(
    Type.String({
      ...WITHOUT_NUL,
      minLength: 1,
      maxLength: 128,
      description: 'Only what this key, or this member, sent, by ID.',
    }),
  ),
  sdk_id: Type.Optional(
    Type.Enum(COUNTED_SDK_IDS, {
      description:
        'Only events sent by this SDK. `unknown`: counted before Appflow recorded SDKs, or refused before the SDK was known.',
    }),
  ),
  app_id: Type.Optional(
    Type.String({
      description:
        'Only events of this app, without what cannot be attributed to one app. Default, and `all`: every app that the key can access.',
    }),
  ),
};

/** The query parameters of ingestion health. */
export const COUNTS_QUERY = closedObject({ ...RANGE_QUERY, ...INGESTION_FILTERS });

const ROW_JSON = component(
  'IngestionCounts',
  closedObject({
    hour: Type.String({ format: 'date-time', description: 'Start of the hour, or of the day.' }),
    key_id: Type.String({
      description: `ID of the key, or of the member who sent the events. \`${OTHER_SOURCES}\`, with the SDK \`${OTHER_SOURCES}\`: further keys and SDKs together, when the answer would have more than ${COUNTS_MAX.toLocaleString('en-US')} rows.`,
    }),
    sdk_id: Type.String({ description: `${SDK_ID_DESCRIPTION} \`${OTHER_SOURCES}\`: see \`key_id\`.` }),
    sdk: Type.String({
      description:
        '`context.sdk` of the events, and `X-Appflow-Sdk` of refused requests; empty if there is none. Beyond 20 per key, app and hour: `other`.',
    }),
    accepted: count('Events that were stored.'),
    duplicates: count('Events that were already stored.'),
    rejected: count('Events that are not valid.'),
    refused: count('Requests that were turned away as a whole, other than with 401.'),
    link_conflicts: count(
      'Accepted `$identify` events without effect, because their `anonymous_id` is linked to someone else already.',
    ),
    reasons: Type.Record(Type.String(), Type.Integer(), {
      description: 'How many events were rejected, and requests refused, by error code.',
    }),
  }),
  { description: 'What became of the events of a key and an SDK in an hour or on a day.' },
);

/** The answer of ingestion health. */
export const COUNTS_ANSWER = component(
  'IngestionReport',
  closedObject({
    data: Type.Array(ROW_JSON, { description: 'Oldest first. Hours without requests are left out.' }),
    meta: closedObject({
      start: Type.String({ format: 'date-time', description: 'Start of the first hour or day.' }),
      end: Type.String({ format: 'date-time', description: 'Counts before this time are included.' }),
      interval: Type.Enum(['hour', 'day'], { description: 'The length of a row.' }),
      timezone: Type.Literal('UTC', { description: 'Hours and days are those of UTC, by time of receipt.' }),
      kept_days: Type.Integer({ description: 'How long counts are kept.' }),
      generated_at: Type.String({ format: 'date-time', description: 'When the query ran.' }),
    }),
  }),
);

/** The services that both routes need. */
export type IngestionServices = { ingestion: Ingestion; clock: Clock };

/** Returns the apps to which an answer is limited; undefined if there is no limit. */
export function findAppLimit(
  { principal }: Pick<Caller, 'principal'>,
  app: App | undefined,
  query: { app_id?: string },
): readonly string[] | undefined {
  // Without `app_id`, `app` is the only one there is, and what belongs to no known app should not be left out.
  if (query.app_id !== undefined && app) return [app.id];
  return principal.appIds ?? undefined;
}

/** Returns what became of the events of a project. */
export const countsRoute = defineRoute({
  method: 'GET',
  path: '/v1/ingestion',
  operationId: 'getIngestion',
  summary: 'Get ingestion health',
  description: `Returns how many events were accepted, duplicates or rejected, and how many requests were refused, with the reasons, by hour of receipt, key and SDK. Counts are kept for ${KEPT_DAYS} days. After a crash, those of the last seconds can be missing; the events themselves are not affected.

A key that is restricted to some apps gets what is counted for these apps.`,
  access: 'analytics:read',
  limit: 'analytics',
  app: { from: 'query', required: false, acceptsAll: true },
  query: COUNTS_QUERY,
  errors: ['query_too_large'],
  answer: { status: 200, schema: COUNTS_ANSWER },
  example: { query: { start: '2026-11-22', end: '2026-11-22' } },
  async handle(services: IngestionServices, { caller, app, query }): Promise<Static<typeof COUNTS_ANSWER>> {
    const nowMs = services.clock.now();
    const { from, to, interval } = parseRange(query, nowMs);
    const counts = await services.ingestion.listCounts({
      projectId: caller.project.id,
      from,
      to,
      intervalMs: INTERVALS_MS[interval],
      keyId: query.key_id,
      sdkId: query.sdk_id,
      appIds: findAppLimit(caller, app, query),
    });
    if (!counts) throw tooManyCounts();
    return { data: counts.map(toRowJson), meta: toMeta({ from, to, interval }, nowMs) };
  },
});

const toMeta = ({ from, to, interval }: ReturnType<typeof parseRange>, nowMs: number) => ({
  start: new Date(from).toISOString(),
  end: new Date(to).toISOString(),
  interval,
  timezone: 'UTC' as const,
  kept_days: KEPT_DAYS,
  generated_at: new Date(nowMs).toISOString(),
});

const tooManyCounts = () =>
  new ApiError('query_too_large', {
    detail: 'There are too many counts to add up for one answer. Ask for fewer days, or for one key or app.',
  });

const toRowJson = ({ hour, keyId, sdkId, ...counts }: PeriodCounts) => ({
  hour: new Date(hour).toISOString(),
  key_id: keyId,
  sdk_id: sdkId,
  ...counts,
});
