import assert from 'node:assert/strict';
import { it } from 'node:test';
import { initProject, makeClock, startTestServer } from '../support/harness.ts';
import { listStoredEvents, type StoredEvent } from '../support/stored-events.ts';

type WithContext = StoredEvent & { context: { country?: string } };

const api = await startTestServer(
  { TRUSTED_PROXIES: '127.0.0.0/8', APPFLOW_COUNTRY_HEADER: 'CF-IPCountry' },
  { clock: makeClock() },
);
const headers = { 'cf-ipcountry': 'AT' };

for (const [path, toBody] of [
  ['/batch', (api_key: string, batch: object[]) => ({ api_key, batch })],
  ['/e/', (api_key: string, events: object[]) => events.map((event) => ({ ...event, api_key }))],
] as const)
  it(`PostHog at ${path}: an event with $geoip_disable does not get the country of the request, others do`, async () => {
    const { client_key, server_key, app_id } = await initProject(api.config);
    const event = (uuid: string, properties: object) => ({
      ...{ event: 'tap', uuid, distinct_id: 'user_1' },
      properties: { $set: { plan: 'pro' }, ...properties },
    });
    const batch = [
      event('hidden', { $geoip_disable: true }),
      event('hidden-with-locale', { $geoip_disable: true, $locale: 'de_DE' }),
      event('shown', {}),
      event('shown-too', { $geoip_disable: false }),
    ];
    const { status, text } = await api.call('POST', path, { body: toBody(client_key, batch), headers });
    assert.equal(status, 200, text);
    const stored = (await listStoredEvents(api, server_key, app_id)) as WithContext[];
    const countryOf = (id: string) => stored.find(({ event_id }) => event_id === id)?.context.country;
    assert.deepEqual(['hidden', 'hidden-with-locale', 'shown', 'shown-too'].map(countryOf), [
      undefined,
      'DE',
      'AT',
      'AT',
    ]);
    const sets = stored.filter(({ event_name }) => event_name === '$set');
    assert.deepEqual(
      sets.map(({ context }) => context.country ?? '').sort(),
      ['', 'AT', 'AT', 'DE'],
      'of the event that it came with',
    );
  });
