import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { it } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { RESERVE_BYTES } from '../../src/disk/reserve.ts';
import { FREE_BYTES_MIN } from '../../src/disk/space.ts';
import { readMetric, startTestServer } from '../support/harness.ts';
import { fillDiskUntil, freeBytesOf, mountDisk } from '../support/small-disk.ts';
import { until } from '../support/until.ts';

const MEGABYTE = 1024 * 1024;
const disk = mountDisk('600m');
const api = await startTestServer({ APPFLOW_DATA_DIR: join(disk, 'data') });

const hasReserve = async () => (await readMetric(api, 'appflow_disk_reserve_bytes')) === RESERVE_BYTES;

it('a client key cannot fill the disk: it is refused while there is still space for everything else', async (t) => {
  await until('the reserve is complete', hasReserve);
  fillDiskUntil(disk, FREE_BYTES_MIN + 8 * MEGABYTE);
  let leastFreeBytes = Number.POSITIVE_INFINITY;
  const flood = async () => {
    for (let status = 200; status === 200; ) {
      const events = Array.from({ length: 500 }, () => ({
        event_id: randomUUID(),
        event_name: 'opened',
        app_user_id: 'u1',
        properties: { text: randomBytes(3_000).toString('base64') },
      }));
      const answer = await api.call('POST', '/v1/events', { key: api.project.client_key, body: { events } });
      ({ status } = answer);
      leastFreeBytes = Math.min(leastFreeBytes, freeBytesOf(disk));
      if (status !== 200) assert.equal(answer.body.code, 'disk_nearly_full', answer.text);
    }
  };
  await Promise.all(Array.from({ length: 4 }, flood));
  // Merges in the background may need some, too.
  await setTimeout(2_000);
  leastFreeBytes = Math.min(leastFreeBytes, freeBytesOf(disk));
  t.diagnostic(`${Math.round(leastFreeBytes / MEGABYTE)} MB were left`);
  assert.ok(leastFreeBytes > FREE_BYTES_MIN / 2);
  assert.ok(await hasReserve());
});
