import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { until } from '../support/until.ts';
import { type Fault, startSdkServer } from './sdk-server.ts';
import { VENDORS } from './vendor-clients.ts';

// The vendors' own clients from npm, with no other settings than the host and the key of a real server.

const api = await startSdkServer();

const namesOf = (events: readonly { event_name: string }[]) =>
  events.map(({ event_name }) => event_name).sort();

for (const [vendor, create] of Object.entries(VENDORS)) {
  describe(`the client of ${vendor}`, { concurrency: true }, () => {
    it('sends its first event', async () => {
      const { clientKey, serverKey, list } = await api.addProject();
      await create(api.url, clientKey).sendOne('user_1', 'App Opened');
      const [event, ...more] = await list();
      assert.deepEqual(more, []);
      assert.deepEqual([event?.event_name, event?.app_user_id], ['app_opened', 'user_1']);
      const { body } = await api.call('GET', '/v1/ingestion', { key: serverKey });
      assert.deepEqual(
        body.data.map((row: { sdk_id: string }) => row.sdk_id),
        [vendor.toLowerCase()],
      );
    });

    it('identifies a person with properties and a purchase', async () => {
      const { clientKey, serverKey, list } = await api.addProject();
      await create(api.url, clientKey).sendPurchase('user_1', 'device_1');
      assert.ok(namesOf(await list()).includes('$identify'));
      const { body } = await api.call('GET', '/v1/users/device_1', { key: serverKey });
      assert.deepEqual(body.ids.sort(), ['device_1', 'user_1']);
      assert.deepEqual(body.properties, { plan: 'pro' });
      assert.deepEqual(body.revenue_by_currency, { EUR: '9.99' });
    });

    for (const fault of ['over_limit', 'unavailable'] satisfies Fault[]) {
      it(`keeps its events while the server is ${fault}, and stores each once`, async () => {
        const { clientKey, faults, list } = await api.addProject();
        faults.push(fault);
        await create(api.url, clientKey).sendOne('user_1', 'purchase_complete');
        assert.deepEqual(faults, [], 'the server refused a batch');
        assert.deepEqual(namesOf(await list()), ['purchase_complete']);
      });
    }

    // RudderStack's client waits for as long as the server says, which is 5 minutes.
    if (vendor !== 'RudderStack')
      it('keeps its events while its key is disabled', async () => {
        const { clientKey, serverKey, keyId, list } = await api.addProject();
        const path = `/v1/api-keys/${keyId}`;
        await api.call('PATCH', path, { key: serverKey, body: { disabled: true } });
        const countRefused = () => api.services.failures.totals().get('api_key_disabled') ?? 0;
        const before = countRefused();
        const sending = create(api.url, clientKey).sendOne('user_1', 'purchase_complete');
        await until('the key is refused', () => countRefused() > before);
        await api.call('PATCH', path, { key: serverKey, body: { disabled: false } });
        await sending;
        assert.deepEqual(namesOf(await list()), ['purchase_complete']);
      });

    it('gives up with a key that is not valid', async () => {
      const { clientKey, list } = await api.addProject();
      const broken = clientKey.slice(0, -1) + (clientKey.endsWith('0') ? '1' : '0');
      await create(api.url, broken).sendOne('user_1', 'purchase_complete');
      assert.deepEqual(await list(), []);
    });
  });
}
