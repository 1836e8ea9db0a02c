import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createLoopShare } from '../limits/loop-share.ts';
import { createEventMapper as createAmplitudeMapper } from './amplitude/map-event.ts';
import { mapEvent as mapAptabase } from './aptabase/map-event.ts';
import { createMessageMapper } from './jitsu/map-message.ts';
import { mapBatch } from './mapping/store-mapped.ts';
import { createEventMapper as createMixpanelMapper } from './mixpanel/map-event.ts';
import { createEventMapper as createOpenPanelMapper } from './openpanel/map-event.ts';
import { mapEvent as mapPostHog } from './posthog/map-event.ts';
import { mapMessage } from './segment/map-message.ts';

// Events without an ID, sent again after an upgrade, must get the same one: otherwise they count twice. These IDs are those of commit d392e195,
// which stored the countries `XX` and `ZZ`, too.

const USER = { kind: 'client', callerId: 'key_1', network: '192.0.2.1' } as const;
const TIME = '2026-11-28T12:00:00Z';
const APPLE = {
  os: { name: 'iOS', version: '18.1' },
  app: { version: '2.4.0' },
  device: { model: 'iPhone17,1' },
};
const CONTEXT = {
  ...APPLE,
  location: { country: 'DE' },
  locale: 'de-DE',
  library: { name: 'x', version: '1' },
};
const MESSAGE = { type: 'track', event: 'Order Completed', userId: 'u-1', timestamp: TIME, context: CONTEXT };
const ORDER = { revenue: 9.99, currency: 'EUR', plan: 'pro' };

type Case = { map: (value: unknown) => object[]; sent: object; id: string };

const CASES: Record<string, Case> = {
  amplitude: {
    map: createAmplitudeMapper().map,
    sent: {
      ...{ event_type: 'Order Completed', user_id: 'u-1', time: Date.parse(TIME), event_properties: ORDER },
      ...{ platform: 'iOS', os_name: 'ios', os_version: '18.1', app_version: '2.4.0', country: 'DE' },
      ...{ language: 'de', device_model: 'iPhone', library: 'amplitude-ts/2.0.0' },
    },
    id: 'at-85fc52e17e83bf91235ba1454fcd7164',
  },
  mixpanel: {
    map: createMixpanelMapper().map,
    sent: {
      event: 'Order Completed',
      properties: {
        ...{ distinct_id: 'u-1', time: Date.parse(TIME), $os: 'iOS', $os_version: '18.1', $model: 'iPhone' },
        ...{ $app_version_string: '2.4.0', mp_country_code: 'DE', mp_lib: 'swift', $lib_version: '4.2.0' },
        ...ORDER,
      },
    },
    id: 'at-effd6143be65f1ba35458bc953d405a2',
  },
  openpanel: {
    map: createOpenPanelMapper().map,
    sent: {
      type: 'track',
      payload: {
        ...{ name: 'Order Completed', profileId: 'u-1' },
        properties: {
          ...{ __os: 'iOS', __osVersion: '18.1', __version: '2.4.0', __country: 'DE', __timestamp: TIME },
          ...ORDER,
        },
      },
    },
    id: 'at-fa03bab54e7e877e566856e8a5eb7653',
  },
  aptabase: {
    map: mapAptabase,
    sent: {
      ...{ eventName: 'Order Completed', sessionId: '1732795200', timestamp: TIME, props: ORDER },
      systemProps: { osName: 'iOS', osVersion: '18.1', appVersion: '2.4.0', locale: 'de', sdkVersion: 'x@1' },
    },
    id: 'at-04eddfb32fdffe937a22448b4a82d614',
  },
  posthog: {
    map: mapPostHog,
    sent: {
      ...{ event: 'Order Completed', distinct_id: 'u-1', timestamp: TIME },
      properties: {
        ...{ $os_name: 'iOS', $os_version: '18.1', $app_version: '2.4.0', $locale: 'de', $session_id: 's-1' },
        ...ORDER,
      },
    },
    id: 'at-d304fdb19c2532969399310fd5816e21',
  },
  segment: {
    map: (value) => mapMessage(value),
    sent: { ...MESSAGE, properties: ORDER },
    id: 'at-2727468873273311bff01e930d4c03ca',
  },
  jitsu: {
    map: createMessageMapper('track').map,
    sent: { ...MESSAGE, properties: ORDER },
    id: 'at-2727468873273311bff01e930d4c03ca',
  },
};

async function listIds(map: (value: unknown) => object[], items: object[]): Promise<unknown[]> {
  const { events } = await mapBatch({ loopShare: createLoopShare() }, USER, {
    sentAt: undefined,
    items,
    map,
  });
  return events.map((event) => (event as { event_id?: string }).event_id);
}

for (const [sdk, { map, sent, id }] of Object.entries(CASES))
  it(`derives the same ID in every release from an event without one: ${sdk}`, async () => {
    assert.deepEqual(await listIds(map, [sent]), [id]);
  });

it('derives the same IDs in every release for a repeated event, a link and user properties', async () => {
  const { sent } = CASES.amplitude as Case;
  const identified = { ...sent, device_id: 'd-1', user_properties: { $set: { plan: 'pro' } } };
  assert.deepEqual(await listIds(createAmplitudeMapper().map, [sent, sent, identified]), [
    'at-85fc52e17e83bf91235ba1454fcd7164',
    'at-19f4f65d96d584cd94f2b1ff6d2e96c1',
    'id-d4dcdc2d9f8316e550d6af4bdafab6eb',
    'at-1b338b5f84767f833065817c5b620ee1',
    'at-5487fa7cb6d4b722dc1347b68ac92389',
  ]);
});
