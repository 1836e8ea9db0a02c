import assert from 'node:assert/strict';
import { it } from 'node:test';
import { startSdkServer } from './sdk-server.ts';

// A batch of an SDK with more than 1,000 events is stored in two parts, of which the second can fail.

const api = await startSdkServer();
const COUNT = 1_001;

async function sendPartly() {
  const project = await api.addProject();
  const batch = Array.from({ length: COUNT }, () => ({ event: 'tap', distinct_id: 'user_1' }));
  const send = () => api.call('POST', '/batch', { body: { api_key: project.clientKey, batch } });
  const health = async () =>
    (await api.call('GET', '/v1/ingestion', { key: project.serverKey })).body.data[0];
  return { ...project, send, health };
}

it('stores events without an ID and a time once if the second part failed and the batch is sent again', async () => {
  const { faults, send, health } = await sendPartly();
  faults.push('none', 'unavailable');
  assert.equal((await send()).status, 503);
  const { status, body } = await send();
  assert.deepEqual([status, body.accepted, body.duplicates], [200, 1, COUNT - 1]);
  assert.equal((await health()).accepted, COUNT);
});

it('counts a batch as refused only if none of it is stored', async () => {
  const { faults, send, health } = await sendPartly();
  faults.push('none', 'unavailable');
  assert.equal((await send()).status, 503);
  const partly = await health();
  assert.deepEqual([partly.accepted, partly.refused], [1_000, 0], JSON.stringify(partly));
  faults.push('unavailable');
  assert.equal((await send()).status, 503);
  assert.equal((await health()).refused, 1);
});
