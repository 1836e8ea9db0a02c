import { Type } from 'typebox';
import { type Dialect, PAUSE } from '../../api/dialect.ts';
import { defineRoute, type Route } from '../../api/route.ts';
import { BATCH_BYTES_MAX, type IngestServices } from '../../events/ingest/ingest.ts';
import { closedObject, component, documentedAs } from '../../lib/schema.ts';
import { lenientObject, lenientText } from '../mapping/lenient-schema.ts';
import { COUNTS, countSent, hasEvents, storeMapped } from '../mapping/store-mapped.ts';
import { mapEvent } from './map-event.ts';

/**
 * Aptabase's mobile SDKs delete their events after any error below 500, and send them again after one minute otherwise. The one for the web
 * sends each event once.
 */
const APTABASE: Dialect = {
  id: 'aptabase',
  name: 'Aptabase',
  // `A-SH-` marks a self-hosted server.
  keyHeaders: [{ name: 'app-key', after: '-' }],
  states: {
    unreadable: { status: 400 },
    too_large: { status: 413 },
    bad_key: { status: 401 },
    not_allowed: { status: 403 },
    paused: PAUSE,
    over_limit: { status: 503, retryAfter: { min: 1, max: 300 } },
    unavailable: { status: 503, retryAfter: { min: 1, max: 300 } },
  },
};

const EVENT = component(
  'AptabaseEvent',
  Type.Object({
    eventName: lenientText('The name of the event.'),
    sessionId: lenientText('The session. It becomes `app_user_id` too, because there are no IDs of people.'),
    timestamp: lenientText('When it happened.'),
    systemProps: lenientObject('The device, the app and the SDK.'),
    props: lenientObject('What the app sends with it.'),
  }),
  { description: 'An event of Aptabase. Other members are ignored.' },
);

const EVENTS = Type.Union([EVENT, Type.Array(documentedAs(Type.Unknown(), EVENT))], {
  description: 'One event, or a list of events.',
});

const listEvents = (body: unknown): unknown[] => (Array.isArray(body) ? body : [body]);

const eventsRoute = defineRoute({
  method: 'POST',
  path: '/api/v0/events',
  aliases: [{ method: 'POST', path: '/api/v0/event' }],
  operationId: 'sendAptabaseEvents',
  summary: 'Send Aptabase events',
  description:
    "Takes events from Aptabase's SDKs, with `A-SH-` and a client key in `App-Key`. Also at `/api/v0/event`. Over a limit, the answer is 503 instead of 429, because the SDKs delete their events after a 429.",
  access: 'events:write',
  limit: 'events',
  cors: 'any_origin',
  dialect: APTABASE,
  query: Type.Object({}),
  body: EVENTS,
  bodyBytesMax: BATCH_BYTES_MAX,
  app: { from: 'query', required: hasEvents },
  eventCount: (body) => countSent(listEvents(body)),
  answer: {
    status: 200,
    schema: component('AptabaseResult', closedObject(COUNTS), {
      description: 'What was stored. SDKs look at the status only.',
    }),
  },
  example: {
    body: [{ eventName: 'app_open', sessionId: '179586613599174190', timestamp: '2026-11-28T11:42:15.731Z' }],
  },
  async handle(services: IngestServices, { caller, app, country, sent, body }) {
    const batch = { sentAt: undefined, items: listEvents(body), map: mapEvent };
    const { counts } = await storeMapped(services, { caller, app, country, sent }, batch);
    return counts;
  },
});

/** What Aptabase's SDKs call. */
export const aptabaseRoutes = [eventsRoute] satisfies Route<never>[];
