import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { it } from 'node:test';
import { promisify } from 'node:util';
import { startTlsFront } from '../support/tls-front.ts';
import { type SdkProject, startSdkServer } from './sdk-server.ts';

// Mixpanel's client for Node, with the settings of docs/guides/sdks.md. It always uses https.

const api = await startSdkServer();
const front = await startTlsFront(api.url);
const TIME = String(Date.now() - 60_000);

/** Sends events with Mixpanel's client, in a process of its own. Returns the errors that its callback gets. */
async function send(method: string, key: string, count = 1): Promise<string[]> {
  const args = [join(import.meta.dirname, 'mixpanel-child.ts'), method, front.host, TIME, String(count)];
  const { PATH = '' } = process.env;
  const env = { PATH, NODE_EXTRA_CA_CERTS: front.certificateFile, MIXPANEL_KEY: key };
  const { stdout } = await promisify(execFile)(process.execPath, args, { env });
  // The client prints that a secret is deprecated.
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
}

const namesOf = async ({ list }: SdkProject) => (await list()).map(({ event_name }) => event_name);

for (const method of ['import_batch', 'import_batch with credentials'])
  it(`stores what Mixpanel's client sends with ${method}, in batches of 50, and each event once`, async () => {
    const project = await api.addProject();
    for (const round of ['first', 'again']) {
      assert.deepEqual(await send(method, project.clientKey, 51), [], round);
      const events = await project.list();
      assert.equal(events.length, 51, round);
      assert.deepEqual(
        new Set(events.map(({ app_user_id }) => app_user_id)),
        new Set(Array.from({ length: 51 }, (_, index) => `user_${index}`)),
      );
    }
    const { body } = await api.call('GET', '/v1/users/user_50', { key: project.serverKey });
    assert.deepEqual(body.revenue_by_currency, { EUR: '9.99' });
    const { body: health } = await api.call('GET', '/v1/ingestion', { key: project.serverKey });
    assert.deepEqual(
      health.data.map((row: { sdk_id: string; accepted: number; duplicates: number }) => [
        row.sdk_id,
        row.accepted,
        row.duplicates,
      ]),
      [['mixpanel', 51, 51]],
    );
  });

it("reports an error to Mixpanel's client when the server is over a limit, and stores the events when they are sent again", async () => {
  const project = await api.addProject();
  project.faults.push('over_limit');
  assert.equal((await send('import_batch', project.clientKey, 2)).length, 1);
  assert.deepEqual(await namesOf(project), []);
  assert.deepEqual(await send('import_batch', project.clientKey, 2), []);
  assert.deepEqual(await namesOf(project), ['order_completed', 'order_completed']);
});

it("reports an error to Mixpanel's client when the key is not valid", async () => {
  const project = await api.addProject();
  const key = project.clientKey.slice(0, -1) + (project.clientKey.endsWith('0') ? '1' : '0');
  assert.equal((await send('import_batch', key)).length, 1);
  assert.deepEqual(await namesOf(project), []);
});

for (const method of ['import', 'track'])
  it(`refuses what Mixpanel's client sends with ${method}, which is in the URL`, async () => {
    const project = await api.addProject();
    assert.equal((await send(method, project.clientKey)).length, 1);
    assert.deepEqual(await namesOf(project), []);
  });
