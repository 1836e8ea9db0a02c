import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { VENDORS } from '../sdk/vendor-clients.ts';
import { startChildServer } from '../support/child-server.ts';
import { findFreePort } from '../support/free-port.ts';
import { initProject, makeConfig, makeTempDir } from '../support/harness.ts';
import { listStoredEvents } from '../support/stored-events.ts';

// The vendors' own clients for Node, while the server is killed and started again on the same address. Without a connection, Amplitude's
// gives up immediately and RudderStack's after three tries within a second: what they give up is lost, on any server.

const KEEP_TRYING: ReadonlySet<string> = new Set(['PostHog', 'Segment']);

const EVENTS = 12;
/** Between two events: they are spread over the time before, during and after the restart. */
const PAUSE_MS = 100;

const dataDir = makeTempDir();
const env = { APPFLOW_DATA_DIR: dataDir, PORT: String(await findFreePort()) };
const config = makeConfig({ APPFLOW_DATA_DIR: dataDir });
const projects = new Map<string, Awaited<ReturnType<typeof initProject>>>();
for (const vendor of Object.keys(VENDORS)) projects.set(vendor, await initProject(config));

const nameOf = (index: number) => `event_${index}`;
const names = Array.from({ length: EVENTS }, (_, index) => nameOf(index)).sort();

describe('the client of a vendor', { concurrency: true }, async () => {
  const first = await startChildServer(env);
  const sending = new Map<string, Promise<unknown>>();
  for (const [vendor, create] of Object.entries(VENDORS)) {
    const client = create(first.url, projects.get(vendor)?.client_key ?? '');
    sending.set(
      vendor,
      Promise.all(
        names.map(async (name, index) => {
          await sleep(index * PAUSE_MS);
          await client.sendOne('user_1', name);
        }),
      ),
    );
  }
  await sleep((EVENTS * PAUSE_MS) / 3);
  first.process.kill('SIGKILL');
  const second = await startChildServer(env);

  for (const vendor of Object.keys(VENDORS))
    it(`of ${vendor} ${KEEP_TRYING.has(vendor) ? 'loses no event' : 'sends no event twice'} when the server is killed and restarted`, async () => {
      await sending.get(vendor);
      const { server_key = '', app_id = '' } = projects.get(vendor) ?? {};
      const stored = await listStoredEvents(second, server_key, app_id);
      const found = stored.map(({ event_name }) => event_name).sort();
      assert.deepEqual(found, KEEP_TRYING.has(vendor) ? names : [...new Set(found)]);
    });
});
