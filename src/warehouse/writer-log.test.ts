import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pino } from 'pino';
import { injectFault, openTestWriter } from '../../test/support/test-writer.ts';
import { eventRow, makeLogFolder, openTestLog, useTestGateway } from '../../test/support/warehouse-store.ts';
import { StorageError } from '../lib/errors.ts';
import type { Gateway } from './engine/gateway.ts';
import { loadLog } from './log/segments.ts';
import type { WriterOptions } from './writer.ts';

const gateway = useTestGateway();
const open = (over: Gateway, options: Partial<WriterOptions> = {}, folder?: string) =>
  openTestWriter(gateway, over, options, folder);

async function assertStoredOnce(projectId: string, ids: string[]): Promise<void> {
  const params = { projectId };
  const events = await gateway.query<{ event_id: string }>(
    'SELECT event_id FROM events WHERE project_id = {projectId:String} ORDER BY event_id',
    params,
  );
  assert.deepEqual(
    events.map((event) => event.event_id),
    ids,
  );
  const derived = await gateway.query(
    `SELECT (SELECT uniqExact(event_id) FROM event_ids WHERE project_id = {projectId:String}) AS ids,
      (SELECT uniqExact(app_user_id) FROM users WHERE project_id = {projectId:String}) AS users`,
    params,
  );
  assert.deepEqual(derived, [{ ids: String(ids.length), users: String(ids.length) }]);
}

test('logs when storing starts to fail and when it recovers, not each failure in between', async () => {
  const logged: string[] = [];
  const spy = pino({ base: null }, { write: (line: string) => logged.push(JSON.parse(line).msg) });
  // Opening takes four statements (the repair); after that everything fails for a while.
  const fault = injectFault(gateway, { kind: 'refused', at: 5, times: 30 });
  const writer = await open(fault.gateway, { log: spy });
  const row = (event_id: string) => eventRow({ project_id: 'proj_logged', event_id });
  assert.deepEqual(await writer.append([row('a')]), [true]);
  await assert.rejects(Promise.resolve(writer.pendingDerivation()), StorageError);
  let failures = 0;
  for (let isStored = false; !isStored; ) {
    isStored = await writer.append([row('b')]).then(
      () => true,
      () => false,
    );
    if (!isStored) failures += 1;
  }
  await writer.pendingDerivation();
  await writer.close();
  assert.ok(failures > 5, `${failures} failures`);
  assert.equal(logged.length, 2, logged.join('\n'));
  assert.match(logged[0] ?? '', /failed.*logged again when events are stored again/);
  assert.equal(logged[1], 'events are stored again');
});

test('makes queries wait for acknowledged events, and fails them while these cannot be inserted', async () => {
  const fault = injectFault(gateway, { kind: 'refused', at: 5, times: 6 });
  const writer = await open(fault.gateway);
  await writer.append([eventRow({ project_id: 'proj_wait', event_id: 'a' })]);
  await assert.rejects(Promise.resolve(writer.pendingDerivation()), StorageError);
  assert.ok(writer.isFailing());
  // One statement still fails; what asks then waits for the attempt after it.
  await assert.rejects(Promise.resolve(writer.pendingDerivation()), StorageError);
  await writer.pendingDerivation();
  assert.ok(!writer.isFailing());
  assert.equal(writer.pendingDerivation(), undefined);
  await assertStoredOnce('proj_wait', ['a']);
});

test('names the rows of each block before they are acknowledged', async () => {
  const inserted: [number, string[]][] = [];
  let isAcknowledged = false;
  const writer = await open(gateway, {
    onStored(rows, block) {
      assert.equal(isAcknowledged, false);
      inserted.push([block, rows.map(({ event_id }) => event_id)]);
    },
  });
  const published: number[] = [];
  writer.feed.subscribe('proj_hook', (block) => published.push(block));
  for (const event_id of ['a', 'b']) {
    isAcknowledged = false;
    await writer.append([eventRow({ project_id: 'proj_hook', event_id })]);
    isAcknowledged = true;
  }
  assert.deepEqual(inserted, [
    [published[0], ['a']],
    [published[1], ['b']],
  ]);
});

test('stores nothing of an append that the log refuses, and works again with the next', async () => {
  const { eventLog } = await openTestLog();
  let isFull = true;
  const writer = await open(gateway, {
    eventLog: {
      ...eventLog,
      append: async (...block) => {
        if (isFull) throw new StorageError('unavailable', 'injected');
        await eventLog.append(...block);
      },
    },
  });
  const row = eventRow({ project_id: 'proj_refused_log', event_id: 'a' });
  await assert.rejects(writer.append([row]), StorageError);
  assert.equal(writer.pendingDerivation(), undefined);
  isFull = false;
  assert.deepEqual(await writer.append([row]), [true]);
  await writer.close();
  await assertStoredOnce('proj_refused_log', ['a']);
});

test('runs a pause only when all acknowledged events are in the tables and the log is empty', async () => {
  const folder = makeLogFolder();
  const writer = await open(gateway, {}, folder);
  const append = writer.append([eventRow({ project_id: 'proj_pause', event_id: 'a' })]);
  let seen: unknown;
  const pause = writer.pause(async () => {
    const [row] = await gateway.query("SELECT count() AS n FROM users WHERE project_id = 'proj_pause'");
    seen = [row, (await loadLog(folder)).segments];
  });
  await Promise.all([append, pause]);
  await writer.append([eventRow({ project_id: 'proj_pause', event_id: 'b' })]);
  await writer.pause(async () => {
    const [row] = await gateway.query("SELECT count() AS n FROM events WHERE project_id = 'proj_pause'");
    assert.deepEqual([row, (await loadLog(folder)).segments], [{ n: '2' }, []]);
  });
  assert.ok(seen);
  await writer.close();
});
