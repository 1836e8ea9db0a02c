import { Type } from 'typebox';
import type { Dialect } from '../../api/dialect.ts';
import { defineRoute, type Route } from '../../api/route.ts';
import { closedObject, component } from '../../lib/schema.ts';
import { SEGMENT_PROTOCOL } from '../segment/dialect.ts';

const SWITCH = closedObject({ enabled: Type.Boolean({ description: 'Always `false`.' }) });

const SOURCE_CONFIG = component(
  'RudderStackSourceConfig',
  closedObject({
    source: closedObject({
      id: Type.String({ description: 'The ID of the key.' }),
      name: Type.String({ description: 'Always `Appflow`.' }),
      writeKey: Type.String({ description: 'The client key.' }),
      enabled: Type.Boolean({ description: 'Always `true`: a disabled key gets no settings.' }),
      workspaceId: Type.String({ description: 'The ID of the project.' }),
      updatedAt: Type.String({ format: 'date-time', description: 'When the project was created.' }),
      config: closedObject({
        statsCollection: closedObject({ errors: SWITCH, metrics: SWITCH }),
      }),
      destinations: Type.Array(Type.Object({}), { description: 'Always empty.' }),
    }),
  }),
  { description: "The settings that RudderStack's SDKs load when they start. They need every member." },
);

/** Segment's protocol, but after a 400 for their settings, these SDKs erase what they have stored. */
const RUDDERSTACK: Dialect = {
  ...SEGMENT_PROTOCOL,
  id: 'rudderstack',
  name: 'RudderStack',
  keyParameter: 'writeKey',
  states: { ...SEGMENT_PROTOCOL.states, unreadable: SEGMENT_PROTOCOL.states.paused },
};

const OFF = { enabled: false };

/** The settings of RudderStack's SDKs. Their events are Segment's, see `segmentRoutes`. */
const sourceConfigRoute = defineRoute({
  method: 'GET',
  path: '/sourceConfig',
  aliases: [{ method: 'GET', path: '/sourceConfig/' }],
  operationId: 'getRudderStackSourceConfig',
  summary: 'Get RudderStack settings',
  description:
    'The SDKs load these when they start, with a client key as the user of `Basic`, and send their events to `/v1/batch`.',
  access: 'events:write',
  limit: 'events',
  cors: 'any_origin',
  dialect: RUDDERSTACK,
  query: Type.Object({}),
  answer: { status: 200, schema: SOURCE_CONFIG, revealsKey: true },
  handle: (_services: object, { caller, sent }) => ({
    source: {
      id: caller.principal.id,
      name: 'Appflow',
      writeKey: sent?.key ?? '',
      enabled: true,
      workspaceId: caller.project.id,
      updatedAt: new Date(caller.project.createdAt).toISOString(),
      config: { statsCollection: { errors: OFF, metrics: OFF } },
      destinations: [],
    },
  }),
});

/** What RudderStack's SDKs call besides Segment's routes. */
export const rudderstackRoutes = [sourceConfigRoute] satisfies Route<never>[];
