import { Type } from 'typebox';
import { type Dialect, USUAL_STATES } from '../../api/dialect.ts';
import { defineRoute, type Route } from '../../api/route.ts';
import type { IngestServices } from '../../events/ingest/ingest.ts';
import { component } from '../../lib/schema.ts';
import { lenientObject, lenientText } from '../mapping/lenient-schema.ts';
import { countsAnswer, listEvents, oneOrMany, SDK_ROUTE } from '../mapping/sdk-route.ts';
import { countSent, storeMapped } from '../mapping/store-mapped.ts';
import { mapEvent } from './map-event.ts';

/**
 * Aptabase's SDKs for Swift and React Native delete events after a 4xx and retry after a minute otherwise. Web and Kotlin never retry, Unity
 * retries after any error, and Flutter's release builds delete events after any response.
 */
const APTABASE: Dialect = {
  id: 'aptabase',
  name: 'Aptabase',
  // `A-SH-` marks a self-hosted server.
  keyHeaders: [{ name: 'app-key', after: '-' }],
  states: {
    ...USUAL_STATES,
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

const eventsRoute = defineRoute({
  ...SDK_ROUTE,
  path: '/api/v0/events',
  aliases: [{ method: 'POST', path: '/api/v0/event' }],
  operationId: 'sendAptabaseEvents',
  summary: 'Send Aptabase events',
  description:
    "Takes events from Aptabase's SDKs, with `A-SH-` and a client key in `App-Key`. Also at `/api/v0/event`. Over a limit, the answer is 503 instead of 429, because the SDKs delete their events after a 429.",
  dialect: APTABASE,
  body: oneOrMany(EVENT),
  eventCount: (body) => countSent(listEvents(body)),
  answer: {
    status: 200,
    schema: countsAnswer('AptabaseResult'),
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
