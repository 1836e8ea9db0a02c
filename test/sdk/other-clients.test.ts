import assert from 'node:assert/strict';
import { it } from 'node:test';
import * as aptabase from '@aptabase/web';
import { jitsuAnalytics } from '@jitsu/js';
import { OpenPanel } from '@openpanel/sdk';
import type { StoredEvent } from '../support/stored-events.ts';
import { type SdkProject, startSdkServer } from './sdk-server.ts';

// Vendors' own clients from npm, with the settings of docs/guides/sdks.md, that send each event by itself.

const api = await startSdkServer();

type Whole = StoredEvent & { properties: { revenue?: string; currency?: string } };

/** Returns name, person, revenue and currency of the events of a project. */
async function listWhole({ list }: SdkProject) {
  const events = (await list()) as Whole[];
  return events
    .map(({ event_name, app_user_id, properties }) => [event_name, app_user_id, properties?.revenue])
    .sort();
}

it("stores what Jitsu's client sends, and links its two IDs", async () => {
  const project = await api.addProject();
  const client = jitsuAnalytics({ host: api.url, writeKey: `appflow:${project.clientKey}` });
  await client.identify('user_1', { plan: 'pro' });
  await client.track('Order Completed', { revenue: 9.99, currency: 'eur' });
  const [link, ...others] = await listWhole(project);
  assert.deepEqual(link?.slice(0, 2), ['$identify', 'user_1']);
  assert.deepEqual(others.at(-1), ['order_completed', 'user_1', '9.99']);
  const { body } = await api.call('GET', '/v1/users/user_1', { key: project.serverKey });
  assert.deepEqual([body.ids.length, body.properties], [2, { plan: 'pro' }]);
});

it("stores what Jitsu's client sends from a server, for the person of each event", async () => {
  const project = await api.addProject();
  const client = jitsuAnalytics({ host: api.url, writeKey: `appflow:${project.clientKey}` });
  for (const id of ['user_1', 'user_2'])
    await client.track(
      'Order Completed',
      { revenue: 9.99, currency: 'EUR' },
      { userId: id, anonymousId: id },
    );
  assert.deepEqual(await listWhole(project), [
    ['order_completed', 'user_1', '9.99'],
    ['order_completed', 'user_2', '9.99'],
  ]);
});

it("stores what OpenPanel's client sends", async () => {
  const project = await api.addProject();
  const client = new OpenPanel({ apiUrl: api.url, clientId: project.clientKey });
  await client.identify({ profileId: 'user_1', properties: { plan: 'pro' } });
  await client.track('Order Completed', { revenue: 9.99, currency: 'eur' });
  assert.deepEqual(await listWhole(project), [
    ['$set', 'user_1', undefined],
    ['order_completed', 'user_1', '9.99'],
  ]);
});

it("stores what Aptabase's client sends", async () => {
  const project = await api.addProject();
  aptabase.init(`A-SH-${project.clientKey}`, { host: api.url });
  await aptabase.trackEvent('Order Completed', { revenue: 9.99, currency: 'eur' });
  const [[name, person, revenue] = [], ...others] = await listWhole(project);
  assert.deepEqual([name, revenue, others], ['order_completed', '9.99', []]);
  assert.match(String(person), /^session-\d+$/);
});
