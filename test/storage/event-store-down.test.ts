import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { makeKey, startTestServer } from '../support/harness.ts';
import { fillDisk, mountDisk } from '../support/small-disk.ts';

// Only the event store is on the disk that is full; the control database is not.
const dataDir = join(mountDisk('400m'), 'data');
const events = join(dataDir, 'events');
mkdirSync(events, { recursive: true });
execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=100m', 'tmpfs', events]);
const api = await startTestServer({ APPFLOW_DATA_DIR: dataDir });
const { server_key, client_key } = api.project;

it('revokes keys while the event store cannot store anything', async () => {
  const leaked = await makeKey(api, { type: 'server' });
  const other = await makeKey(api, { type: 'server' });
  fillDisk(events);
  const sent = Array.from({ length: 1_000 }, (_, n) => ({
    event_id: `e-${n}`,
    event_name: 'opened',
    app_user_id: 'u1',
    properties: { text: Math.random().toString(36).repeat(20) },
  }));
  const refused = await api.call('POST', '/v1/events', { key: client_key, body: { events: sent } });
  assert.equal(refused.status, 503, refused.text);
  assert.equal((await api.call('GET', '/readyz')).body.status, 'degraded');
  assert.equal((await api.call('POST', '/v1/api-keys/self/revoke', { key: leaked.key })).status, 204);
  const revoked = await api.call('DELETE', `/v1/api-keys/${other.id}`, { key: server_key });
  assert.equal(revoked.status, 200, revoked.text);
  for (const { key } of [leaked, other]) {
    const answer = await api.call('GET', '/v1/api-keys/self', { key });
    assert.equal(answer.body.code, 'api_key_revoked');
  }
});
