import { Type } from 'typebox';
import type { Dialect } from '../../api/dialect.ts';
import { defineRoute, type Route } from '../../api/route.ts';
import type { IngestServices } from '../../events/ingest/ingest.ts';
import { closedObject, component } from '../../lib/schema.ts';
import { toFields } from '../mapping/event-parts.ts';
import { lenientObject, lenientText } from '../mapping/lenient-schema.ts';
import { listEvents, oneOrMany, SDK_ROUTE } from '../mapping/sdk-route.ts';
import { COUNTS, countSent, storeMapped } from '../mapping/store-mapped.ts';
import { SEGMENT } from '../segment/dialect.ts';
import { createEventMapper } from './map-event.ts';

/**
 * Mixpanel's import. `/track` is not supported: it has the key in the URL, where logs keep it.
 * https://developer.mixpanel.com/reference/import-events
 */
const MIXPANEL: Dialect = {
  id: 'mixpanel',
  name: 'Mixpanel',
  listBodyKeys: (body) => listEvents(body).map((event) => toFields(toFields(event).properties).token),
  states: SEGMENT.states,
};

const EVENT = component(
  'MixpanelEvent',
  Type.Object({
    event: lenientText('The name of the event.'),
    properties: lenientObject('The ID of the person, the time, and what the app sends with it.'),
  }),
  { description: 'An event of Mixpanel. Other members are ignored.' },
);

const importRoute = defineRoute({
  ...SDK_ROUTE,
  path: '/import',
  operationId: 'importMixpanelEvents',
  summary: 'Import Mixpanel events',
  description:
    "Takes what Mixpanel's import takes, as JSON or in the field `data` of a form, with a client key as the user of `Basic` or as `token` of the first event.",
  dialect: MIXPANEL,
  body: oneOrMany(EVENT),
  eventCount: (body) => countSent(listEvents(body)),
  answer: {
    status: 200,
    schema: component(
      'MixpanelResult',
      closedObject({
        code: Type.Literal(200, { description: 'Always.' }),
        status: Type.Literal(1, { description: 'Always.' }),
        error: Type.Null({ description: 'Always.' }),
        num_records_imported: Type.Integer({ description: 'Events that are stored now.' }),
        ...COUNTS,
      }),
      { description: 'What was stored.' },
    ),
  },
  example: {
    body: [
      {
        event: 'Order Completed',
        properties: { distinct_id: 'user_123', time: 1795866119013, $insert_id: 'e-1', token: 'ck_af1_…' },
      },
    ],
  },
  async handle(services: IngestServices, { caller, app, country, sent, body }) {
    const batch = { sentAt: undefined, items: listEvents(body), ...createEventMapper() };
    const { counts } = await storeMapped(services, { caller, app, country, sent }, batch);
    const num_records_imported = counts.accepted + counts.duplicates;
    return { code: 200 as const, status: 1 as const, error: null, num_records_imported, ...counts };
  },
});

/** What Mixpanel's SDKs call to import events. */
export const mixpanelRoutes = [importRoute] satisfies Route<never>[];
