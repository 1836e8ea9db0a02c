import { Type } from 'typebox';
import type { Dialect } from '../../api/dialect.ts';
import { defineRoute, type Route } from '../../api/route.ts';
import type { IngestServices } from '../../events/ingest/ingest.ts';
import { component } from '../../lib/schema.ts';
import { lenientObject, lenientText } from '../mapping/lenient-schema.ts';
import { countsAnswer, SDK_EVENT_ROUTE } from '../mapping/sdk-route.ts';
import { storeMapped } from '../mapping/store-mapped.ts';
import { SEGMENT } from '../segment/dialect.ts';
import { createEventMapper } from './map-event.ts';

/** OpenPanel's SDKs try four times within 4 seconds, whatever the error, but once after a 401. Some send the key as a secret. */
const OPENPANEL: Dialect = {
  id: 'openpanel',
  name: 'OpenPanel',
  keyHeaders: [{ name: 'openpanel-client-secret' }, { name: 'openpanel-client-id' }],
  states: SEGMENT.states,
};

const CALL = component(
  'OpenPanelCall',
  Type.Object({
    type: lenientText('`track`, `identify` or `alias`. Others are ignored.'),
    payload: lenientObject('What the call has: a name, the ID of a profile and properties.'),
  }),
  { description: "A call of OpenPanel's SDKs. Other members are ignored." },
);

const trackRoute = defineRoute({
  ...SDK_EVENT_ROUTE,
  path: '/track',
  operationId: 'sendOpenPanelCall',
  summary: 'Send an OpenPanel call',
  description:
    "Takes one call from OpenPanel's SDKs, with a client key in `openpanel-client-id` or `openpanel-client-secret`. `increment`, `decrement` and groups are not stored.",
  dialect: OPENPANEL,
  body: CALL,
  answer: {
    status: 200,
    schema: countsAnswer('OpenPanelResult'),
  },
  example: { body: { type: 'track', payload: { name: 'app_open', profileId: 'user_123' } } },
  async handle(services: IngestServices, { caller, app, country, sent, body }) {
    const batch = { sentAt: undefined, items: [body], ...createEventMapper() };
    const { counts } = await storeMapped(services, { caller, app, country, sent }, batch);
    return counts;
  },
});

/** What OpenPanel's SDKs call. */
export const openpanelRoutes = [trackRoute] satisfies Route<never>[];
