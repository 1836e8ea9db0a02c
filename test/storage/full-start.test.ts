import assert from 'node:assert/strict';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { RESERVE_BYTES } from '../../src/disk/reserve.ts';
import { initByCli } from '../support/child-processes.ts';
import { startChildServer } from '../support/child-server.ts';
import { fillDisk, mountDisk } from '../support/small-disk.ts';
import { listStoredEvents } from '../support/stored-events.ts';
import { until } from '../support/until.ts';

const MEGABYTE = 1024 * 1024;

it('starts on a disk that was filled to the last byte after it was killed, with a part of the reserve', async () => {
  const disk = mountDisk('400m');
  const env = { APPFLOW_DATA_DIR: join(disk, 'data'), LOG_LEVEL: 'warn' };
  const { server_key: key, client_key, app_id } = await initByCli(env);
  const server = await startChildServer(env);
  const reserve = join(disk, 'data', 'disk-reserve');
  const sizeOfReserve = () => statSync(reserve, { throwIfNoEntry: false })?.size ?? 0;
  await until('the reserve is complete', () => sizeOfReserve() === RESERVE_BYTES);
  const events = [{ event_id: 'kept', event_name: 'opened', app_user_id: 'u1' }];
  const sent = await server.call('POST', '/v1/events', { key: client_key, body: { events } });
  assert.equal(sent.status, 200, sent.text);
  // After a kill the files of the control database are as large as it needs, so opening it frees nothing.
  const killed = once(server.process, 'exit');
  server.process.kill('SIGKILL');
  await killed;
  fillDisk(disk);
  const again = await startChildServer(env);
  assert.ok(sizeOfReserve() >= RESERVE_BYTES - 8 * MEGABYTE, 'most of the reserve is left');
  assert.equal((await listStoredEvents(again, key, app_id)).length, 1);
  const own = await again.call('POST', '/v1/api-keys/self/revoke', { key });
  assert.equal(own.status, 204, own.text);
  assert.equal((await again.stop()).code, 0);
});
