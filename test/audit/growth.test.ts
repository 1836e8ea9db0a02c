import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { toLongChange } from '../attacks/audit-growth.ts';
import { makeKey, startTestServer } from '../support/harness.ts';

const api = await startTestServer();
const { server_key: key } = api.project;
const logSize = () => {
  const file = join(api.config.dataDir, 'control.db');
  return statSync(file).size + statSync(`${file}-wal`).size;
};
const entriesOf = async (target: string) =>
  (await api.call('GET', `/v1/audit-log?limit=200&target=${target}`, { key })).body.data;

it('records at most 2 KB of a change, however much was changed, and says that values are left out', async () => {
  const { id } = await makeKey(api, { type: 'client' });
  for (let index = 0; index < 20; index += 1) {
    const answer = await api.call('PATCH', `/v1/api-keys/${id}`, { key, body: toLongChange(index) });
    assert.equal(answer.status, 200, answer.text);
  }
  const changes = (await entriesOf(id)).filter(
    ({ action }: { action: string }) => action === 'api_key.updated',
  );
  assert.equal(changes.length, 20);
  for (const { diff, diff_omitted } of changes) {
    assert.ok(Buffer.byteLength(JSON.stringify({ ...diff, omitted: diff_omitted })) <= 2_048);
    assert.ok(diff_omitted > 0);
  }
});

it('writes nothing for a PATCH that changes nothing, whatever the order of what it sends', async () => {
  const fields = { metadata: { a: '1', b: '2' }, bundle_ids: ['a', 'b'], name: 'Same' };
  const { id, etag } = await makeKey(api, { type: 'client', ...fields });
  const body = { name: 'Same', bundle_ids: ['b', 'a'], metadata: { b: '2', a: '1' } };
  const { body: app } = await api.call('POST', '/v1/apps', { key, body: { name: 'Same', platform: 'ios' } });
  const before = logSize();
  for (let index = 0; index < 20; index += 1) {
    assert.equal((await api.call('PATCH', `/v1/api-keys/${id}`, { key, body })).body.etag, etag);
    const same = await api.call('PATCH', `/v1/apps/${app.id}`, { key, body: { name: ' Same ' } });
    assert.deepEqual(same.body, app);
  }
  assert.equal((await entriesOf(id)).length, 1);
  assert.equal((await entriesOf(app.id)).length, 1);
  assert.ok(logSize() - before < 400_000, 'only the revision counter is written');
});
