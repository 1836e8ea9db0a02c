import { Type } from 'typebox';
import { defineRoute } from '../../api/route.ts';
import { closedObject, component } from '../../lib/schema.ts';
import { SEGMENT } from './dialect.ts';

const OPEN_OBJECT = Type.Object({});

const SETTINGS = component(
  'SegmentSettings',
  Type.Object({
    integrations: Type.Object(
      { 'Segment.io': Type.Object({}, { description: 'Where the SDK sends its events.' }) },
      { description: 'Without the entry `Segment.io`, the SDK discards every event.' },
    ),
    plan: OPEN_OBJECT,
    edgeFunction: OPEN_OBJECT,
    middlewareSettings: OPEN_OBJECT,
    metrics: OPEN_OBJECT,
    consentSettings: OPEN_OBJECT,
    autoInstrumentation: OPEN_OBJECT,
  }),
  { description: "The settings that Segment's mobile SDKs load when they start." },
);

/** The settings of the mobile SDKs, which send events to the `apiHost` in them. */
export const settingsRoute = defineRoute({
  method: 'GET',
  path: '/v1/projects/{write_key}/settings',
  aliases: [
    { method: 'GET', path: '/projects/{write_key}/settings' },
    { method: 'GET', path: '/v1/projects/projects/{write_key}/settings' },
  ],
  operationId: 'getSegmentSettings',
  summary: 'Get Segment settings',
  description:
    'The mobile SDKs load these when they start, with the client key in the path, and send their events to the `apiHost` in them: `APPFLOW_PUBLIC_URL`, or the host that the request names.',
  access: 'events:write',
  limit: 'events',
  cors: 'any_origin',
  dialect: SEGMENT,
  params: closedObject({ write_key: Type.String({ description: 'The client key.' }) }),
  query: OPEN_OBJECT,
  answer: { status: 200, schema: SETTINGS, revealsKey: true },
  example: { params: { write_key: 'ck_af1_…' } },
  handle({ config }: { config: { publicUrl: string } }, { sent }) {
    const host = config.publicUrl.replace(/^https?:\/\//, '') || sent?.host || '';
    return {
      integrations: {
        'Segment.io': {
          apiKey: sent?.key ?? '',
          apiHost: `${host}/v1`,
          httpConfig: {
            rateLimitConfig: { enabled: true, maxRetryInterval: 300 },
            backoffConfig: { enabled: true },
          },
        },
      },
      plan: { track: { __default: { enabled: true } } },
      edgeFunction: {},
      middlewareSettings: {},
      metrics: {},
      consentSettings: {},
      autoInstrumentation: {},
    };
  },
});
