import { type Static, Type } from 'typebox';
import { decodeCursor, LIST_QUERY, limitOf, pageOf, toPage } from '../api/list.ts';
import { defineRoute } from '../api/route.ts';
import { closedObject, component, nullable, WITHOUT_NUL } from '../lib/schema.ts';
import { KEPT_DAYS } from './count-store.ts';
import {
  findAppLimit,
  INGESTION_FILTERS,
  type IngestionServices,
  SDK_ID_DESCRIPTION,
} from './counts-route.ts';
import { SAMPLE_BYTES_MAX } from './cut-json.ts';
import { SAMPLES_PER_PROJECT, type SampleRow } from './sample-buffer.ts';

/** The query parameters of samples. */
export const SAMPLES_QUERY = closedObject({
  ...LIST_QUERY,
  limit: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: SAMPLES_PER_PROJECT,
      description: 'Rows per page (default 50).',
    }),
  ),
  code: Type.Optional(
    Type.String({
      ...WITHOUT_NUL,
      minLength: 1,
      maxLength: 64,
      description: 'Only events rejected with this code.',
    }),
  ),
  ...INGESTION_FILTERS,
});

/** A sample as the API returns it. */
export const SAMPLE_JSON = component(
  'IngestionSample',
  closedObject({
    id: Type.String({ description: 'Identifies the sample.' }),
    at: Type.String({ format: 'date-time', description: 'When the event was rejected.' }),
    app_id: nullable(Type.String({ description: 'The app; null if it is unknown.' })),
    key_id: Type.String({ description: 'ID of the key, or of the member who sent the event.' }),
    sdk_id: Type.String({ description: SDK_ID_DESCRIPTION }),
    sdk: Type.String({ description: '`context.sdk` of the event; empty if it has none.' }),
    code: Type.String({ description: 'Why the event was rejected.' }),
    field: Type.String({ description: 'The path of the field that is not valid.' }),
    message: Type.String({ description: 'What to send instead.' }),
    event_id: nullable(Type.String({ description: 'The ID that was sent, if it is valid.' })),
    event: nullable(
      Type.String({
        description: `The event as JSON, cut to ${SAMPLE_BYTES_MAX} bytes, with API keys redacted; null if the person was erased.`,
      }),
    ),
    truncated: Type.Boolean({ description: 'Whether `event` is only a part of the event.' }),
  }),
  {
    description: 'An event that was rejected.',
    examples: [
      {
        id: 'smp_01KAN5X5N8T2QHV4J7RZ3M6CDE',
        at: '2026-11-22T10:00:05.000Z',
        app_id: 'app_01K9ZV0Q6T4M8XJ2R5C7N3B1WE',
        key_id: 'key_01K9ZV0Q6T4M8XJ2R5C7N3B1WD',
        sdk_id: 'appflow',
        sdk: 'acme-android/1.3.0',
        code: 'invalid_event_name',
        field: 'event_name',
        message:
          'Name the event in snake_case: a lowercase letter, then at most 63 lowercase letters, digits or underscores.',
        event_id: null,
        event: '{"event_name":"Purchase","app_user_id":"user_123","context":{"sdk":"acme-android/1.3.0"}}',
        truncated: false,
      },
    ],
  },
);

/** Returns the last rejected events of a project. */
export const samplesRoute = defineRoute({
  method: 'GET',
  path: '/v1/ingestion/samples',
  operationId: 'listIngestionSamples',
  summary: 'List samples of rejected events',
  description: `Returns a page of the last ${SAMPLES_PER_PROJECT.toLocaleString('en')} rejected events, newest first, for at most ${KEPT_DAYS} days. Of a batch with many rejected events, up to 100 are kept.

A key that is restricted to some apps gets the samples of these apps.`,
  access: 'events:read',
  limit: 'analytics',
  app: { from: 'query', required: false, acceptsAll: true },
  query: SAMPLES_QUERY,
  answer: { status: 200, schema: component('IngestionSamplePage', pageOf(SAMPLE_JSON)) },
  example: { query: { code: 'invalid_event_name', limit: 20 } },
  async handle({ ingestion }: IngestionServices, { caller, app, query }) {
    const limit = limitOf(query);
    const [before] = decodeCursor(query.cursor, isIdPosition) ?? [];
    const filter = {
      projectId: caller.project.id,
      code: query.code,
      keyId: query.key_id,
      sdkId: query.sdk_id,
      appIds: findAppLimit(caller, app, query),
    };
    const rows = await ingestion.listSamples(filter, { before, limit: limit + 1 });
    const { page, next_cursor } = toPage(rows, limit, ({ id }) => [id]);
    return { data: page.map(toSampleJson), next_cursor };
  },
});

const isIdPosition = (value: unknown): value is [string] =>
  Array.isArray(value) && value.length === 1 && typeof value[0] === 'string';

const toSampleJson = (row: SampleRow): Static<typeof SAMPLE_JSON> => ({
  id: row.id,
  at: new Date(row.at).toISOString(),
  app_id: row.app_id ?? null,
  key_id: row.key_id,
  sdk_id: row.sdk_id,
  sdk: row.sdk,
  code: row.code,
  field: row.field,
  message: row.message,
  event_id: row.event_id ?? null,
  event: row.event ?? null,
  truncated: row.is_cut === 1,
});
