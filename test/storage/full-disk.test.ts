import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { RESERVE_BYTES } from '../../src/disk/reserve.ts';
import { FREE_BYTES_ENOUGH, FREE_BYTES_MIN } from '../../src/disk/space.ts';
import { join as joinProject, setUp, signIn, stepUp } from '../support/browser.ts';
import { callWhenFree } from '../support/call-when-free.ts';
import { makeKey, readMetric, startTestServer } from '../support/harness.ts';
import { fillDisk, fillDiskUntil, mountDisk } from '../support/small-disk.ts';
import { until } from '../support/until.ts';

const MEGABYTE = 1024 * 1024;
const disk = mountDisk('600m');
const api = await startTestServer({ APPFLOW_DATA_DIR: join(disk, 'data') });
const { server_key, client_key, app_id, project_id } = api.project;
const owner = await setUp(api.url, api.server.setupUrl);
const member = await joinProject(owner, project_id, 'developer', 'Leaving');

const manage = (...request: Parameters<typeof api.call>) => callWhenFree(api, ...request);

let sent = 0;
const sendEvent = () => {
  sent += 1;
  const events = [{ event_id: `e-${sent}`, event_name: 'opened', app_user_id: 'u1' }];
  return api.call('POST', '/v1/events', { key: client_key, body: { app_id, events } });
};
const isTaken = async () => (await sendEvent()).status === 200;
const isRefused = async () => (await sendEvent()).body.code === 'disk_nearly_full';
const codeOf = async (key: string) =>
  (await manage('GET', '/v1/api-keys/self', { key })).body.code as string | undefined;
const hasReserve = async () => (await readMetric(api, 'appflow_disk_reserve_bytes')) === RESERVE_BYTES;

it('takes events until too little of the disk is free, and again once there is more room', async () => {
  await until('the reserve is complete', hasReserve);
  const filler = fillDiskUntil(disk, FREE_BYTES_MIN + 4 * MEGABYTE);
  await setTimeout(1_500);
  assert.equal((await sendEvent()).status, 200);
  assert.equal((await api.call('GET', '/readyz')).body.status, 'ok');
  rmSync(filler);
  fillDiskUntil(disk, FREE_BYTES_MIN - MEGABYTE);
  await until('events are refused', isRefused);
  const refused = await sendEvent();
  assert.equal(refused.status, 503);
  assert.match(refused.body.detail, /disk is nearly full/);
  assert.ok(Number(refused.headers.get('retry-after')) >= 30);
  const { status, warnings } = (await api.call('GET', '/readyz')).body;
  assert.equal(status, 'degraded');
  assert.match(warnings.join(), /disk is nearly full \(12\d MB free\): events are refused.*until 160 MB/);
  assert.ok((await readMetric(api, 'appflow_disk_free_bytes')) < FREE_BYTES_MIN);
  const app = { key: server_key, body: { name: 'On the last megabytes', platform: 'web' } };
  assert.equal((await manage('POST', '/v1/apps', app)).status, 201, 'they are for everything but events');
  rmSync(filler);
  fillDiskUntil(disk, FREE_BYTES_ENOUGH - MEGABYTE);
  await setTimeout(1_500);
  assert.ok(await isRefused(), 'a little more room is not enough');
  rmSync(filler);
  await until('events are taken', isTaken);
});

it('revokes and disables keys, signs people in and removes members on a full disk, whatever filled it', async () => {
  const leaked = await makeKey(api, { type: 'server' });
  const revoked = await makeKey(api, { type: 'read_only' });
  const disabled = await makeKey(api, { type: 'server' });
  const { body: session } = await member.call('GET', '/app/v1/session');
  await until('the reserve is complete', hasReserve);
  const filler = fillDisk(disk);
  // Other writes get what is left in files that exist, and not more.
  let refused = await api.call('GET', '/healthz');
  for (let n = 0; refused.status < 300 && n < 3_000; n += 1) {
    const body = { metadata: { note: String(n).padEnd(400, 'x') } };
    refused = await manage('PATCH', `/v1/api-keys/${revoked.id}`, { key: server_key, body });
  }
  assert.equal(refused.body.code, 'storage_unavailable', refused.text);
  assert.ok(await hasReserve(), 'which is not for them');

  assert.equal((await api.call('POST', '/v1/api-keys/self/revoke', { key: leaked.key })).status, 204);
  assert.equal(await codeOf(leaked.key), 'api_key_revoked');
  const answer = await api.call('DELETE', `/v1/api-keys/${revoked.id}?reason=leaked`, { key: server_key });
  assert.equal(answer.status, 200, answer.text);
  assert.equal(await codeOf(revoked.key), 'api_key_revoked');
  const off = { key: server_key, body: { disabled: true } };
  assert.equal((await manage('PATCH', `/v1/api-keys/${disabled.id}`, off)).status, 200);
  assert.equal(await codeOf(disabled.key), 'api_key_disabled');
  assert.ok(!(await hasReserve()), 'a part of the reserve was used');
  assert.ok(await isRefused(), 'events get none of it');

  const browser = await signIn(api.url, 'owner@example.com');
  await stepUp(browser);
  const path = `/app/v1/projects/${project_id}/members/${session.user.id}`;
  const removed = await browser.call('DELETE', path);
  assert.equal(removed.status, 204, removed.text);
  const { body: log } = await manage('GET', '/v1/audit-log?limit=20', { key: server_key });
  const actions = log.data.map(({ action }: { action: string }) => action);
  for (const action of ['api_key.revoked', 'api_key.disabled', 'member.removed'])
    assert.ok(actions.includes(action), action);

  rmSync(filler);
  await until('the reserve is complete again', hasReserve);
  await until('events are taken again', isTaken);
});
