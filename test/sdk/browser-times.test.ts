import assert from 'node:assert/strict';
import { it } from 'node:test';
import { HOUR_MS, MINUTE_MS } from '../../src/lib/durations.ts';
import { initProject, makeClock, startTestServer } from '../support/harness.ts';
import { listStoredEvents } from '../support/stored-events.ts';

const clock = makeClock();
const api = await startTestServer({}, { clock });

// PostHog's SDK for browsers sends how long ago an event happened, and its own time in the address.
for (const [name, query] of [
  ['with the time in the address, on a device whose clock is wrong', () => `?_=${clock.now() - 5 * HOUR_MS}`],
  ['without a time in the address', () => ''],
] as const) {
  it(`stores when an event with an offset happened, ${name}`, async () => {
    const project = await initProject(api.config);
    const event = { event: 'tap', uuid: 'e-1', offset: 2 * MINUTE_MS, properties: { distinct_id: 'user_1' } };
    const body = { ...event, api_key: project.client_key };
    const { status, text } = await api.call('POST', `/e/${query()}`, { body });
    assert.equal(status, 200, text);
    const [stored] = await listStoredEvents(api, project.server_key, project.app_id);
    assert.equal(stored?.timestamp, new Date(clock.now() - 2 * MINUTE_MS).toISOString());
  });
}
