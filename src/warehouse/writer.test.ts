import assert from 'node:assert/strict';
import { test } from 'node:test';
import { injectFault, openTestWriter } from '../../test/support/test-writer.ts';
import { eventRow, makeLogFolder, useTestGateway } from '../../test/support/warehouse-store.ts';
import { StorageError } from '../lib/errors.ts';
import type { Gateway } from './engine/gateway.ts';
import type { Writer, WriterOptions } from './writer.ts';

const gateway = useTestGateway();
const open = (over: Gateway, options: Partial<WriterOptions> = {}, folder?: string) =>
  openTestWriter(gateway, over, options, folder);

/** Sends until acknowledged, as a client does. Opens a new writer when opening or sending keeps failing. */
async function appendUntilStored(
  over: Gateway,
  appends: ReturnType<typeof eventRow>[][],
  folder = makeLogFolder(),
): Promise<boolean[][]> {
  const answers: boolean[][] = [];
  let writer: Writer | undefined;
  for (const rows of appends) {
    for (let isStored = false; !isStored; ) {
      try {
        writer ??= await open(over, {}, folder);
        answers.push(await writer.append(rows));
        isStored = true;
      } catch (error) {
        assert.ok(error instanceof StorageError && error.reason === 'unavailable', String(error));
      }
    }
  }
  // As every query does: rows come into the tables after the acknowledgement.
  for (let isVisible = false; !isVisible; ) {
    isVisible = await Promise.resolve(writer?.pendingDerivation()).then(
      () => true,
      () => false,
    );
  }
  return answers;
}

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

for (const kind of ['refused', 'unanswered'] as const) {
  for (const times of [1, 4]) {
    test(`neither loses nor duplicates events when ${times} statement(s) from the n-th on are ${kind}, for every n`, async () => {
      for (let at = 1, isReached = true; isReached; at += 1) {
        const project_id = `proj_${kind}_${times}_${at}`;
        const row = (id: string) => {
          const timestamp = Date.UTC(id === 'b' ? 2025 : 2026, 0, 1);
          return eventRow({ project_id, event_id: id, app_user_id: `user_${id}`, timestamp });
        };
        const fault = injectFault(gateway, { kind, at, times });
        await appendUntilStored(fault.gateway, [
          [row('a'), row('b')],
          [row('b'), row('c')],
          [row('a'), row('d')],
        ]);
        await assertStoredOnce(project_id, ['a', 'b', 'c', 'd']);
        isReached = fault.statementCount() >= at;
      }
    });
  }
}

/**
 * Returns the ids a reader of the feed ends up with: published ones, and those read from the store where the feed
 * says so.
 */
async function readFed(
  projectId: string,
  from: number,
  published: { block: number; ids: string[] | undefined }[],
) {
  const seen: string[] = [];
  let place = from;
  for (const { block, ids } of published) {
    const stored = await gateway.query<{ event_id: string }>(
      `SELECT event_id FROM events WHERE project_id = {projectId:String}
       AND block > {place:UInt64} AND block <= {block:UInt64} ORDER BY event_id`,
      { projectId, place, block },
    );
    seen.push(...(ids ?? stored.map(({ event_id }) => event_id)));
    place = block;
  }
  return seen.sort();
}

for (const kind of ['refused', 'unanswered'] as const) {
  test(`publishes every stored event once when the n-th statement is ${kind}, for every n`, async () => {
    for (let at = 1, isReached = true; isReached; at += 1) {
      const project_id = `proj_fed_${kind}_${at}`;
      const fault = injectFault(gateway, { kind, at, times: 1 });
      const writer = await open(fault.gateway).catch(() => open(fault.gateway));
      const published: { block: number; ids: string[] | undefined }[] = [];
      const from = writer.feed.reached(project_id);
      writer.feed.subscribe(project_id, (block, rows) => {
        published.push({ block, ids: rows?.map(({ event_id }) => event_id) });
      });
      for (const ids of [['a', 'b'], ['b', 'c'], ['d']]) {
        const rows = ids.map((event_id) => eventRow({ project_id, event_id }));
        // As a client does: the outcome is unknown, so send the same again.
        await writer.append(rows).catch(() => writer.append(rows));
        await writer.pendingDerivation();
      }
      assert.deepEqual(await readFed(project_id, from, published), ['a', 'b', 'c', 'd']);
      isReached = fault.statementCount() >= at;
    }
  });
}

test('neither loses nor duplicates events when the process dies after the n-th statement, for every n', async () => {
  for (let at = 1, isReached = true; isReached; at += 1) {
    const project_id = `proj_crash_${at}`;
    const row = (id: string, year = 2026) =>
      eventRow({
        ...{ project_id, event_id: id, app_user_id: `user_${id}` },
        timestamp: Date.UTC(year, 0, 1),
      });
    const fault = injectFault(gateway, { kind: 'refused', at, times: Number.POSITIVE_INFINITY });
    const folder = makeLogFolder();
    const dying = await open(fault.gateway, {}, folder).catch(() => undefined);
    const isAcknowledged = await dying?.append([row('a'), row('b', 2025)]).then(
      () => true,
      () => false,
    );
    await Promise.resolve(dying?.pendingDerivation()).catch(() => undefined);
    isReached = fault.statementCount() >= at;
    const answers = await appendUntilStored(gateway, [[row('b', 2025), row('c')], [row('a')]], folder);
    if (isAcknowledged) assert.deepEqual(answers, [[false, true], [false]]);
    await assertStoredOnce(project_id, ['a', 'b', 'c']);
  }
});

test('groups what arrives together into one block', async () => {
  const fault = injectFault(gateway, { kind: 'refused', at: Number.POSITIVE_INFINITY, times: 0 });
  const writer = await open(fault.gateway);
  const before = fault.statementCount();
  const row = (index: number) => eventRow({ project_id: 'proj_group', event_id: `e${index}` });
  await Promise.all(Array.from({ length: 100 }, (_, index) => writer.append([row(index)])));
  await writer.pendingDerivation();
  assert.equal(fault.statementCount() - before, 3);
});

test('is busy when its queue is full, and stores everything it accepted', async () => {
  const limits = { rowsMax: 40, bytesMax: 1e6, blockRowsMax: 10, blockBytesMax: 1e6 };
  const writer = await open(gateway, { limits });
  const row = (index: number) => eventRow({ project_id: `proj_full_${index % 4}`, event_id: `e${index}` });
  const results = await Promise.allSettled(
    Array.from({ length: 100 }, (_, index) => writer.append([row(index)])),
  );
  const busy = results.filter((result) => result.status === 'rejected');
  assert.equal(busy.length, 60);
  for (const { reason } of busy) assert.ok(reason instanceof StorageError && reason.reason === 'busy');
  assert.deepEqual(writer.queue(), { rows: 0, bytes: 0, rowsMax: 40, bytesMax: 1e6 });
});

test('serves a small project while another one floods the queue', async () => {
  const writer = await open(gateway, { limits: { blockRowsMax: 1000 } });
  let flooded = 0;
  const flood = Array.from({ length: 40 }, async (_, index) => {
    const rows = Array.from({ length: 500 }, (_, row) =>
      eventRow({ project_id: 'proj_flood', event_id: `${index}.${row}` }),
    );
    await writer.append(rows);
    flooded += 1;
  });
  await writer.append([eventRow({ project_id: 'proj_small', event_id: 'e' })]);
  assert.ok(flooded < 10, `${flooded} of 40 floods before`);
  await Promise.all(flood);
});

test('rejects more rows in one append than a block can contain', async () => {
  const writer = await open(gateway, { limits: { blockRowsMax: 2 } });
  const rows = ['a', 'b', 'c'].map((event_id) => eventRow({ event_id }));
  await assert.rejects(writer.append(rows), TypeError);
});

test('keeps block numbers increasing when the clock is set back', async () => {
  const times = [5e9, 4e9, 4e9];
  const writer = await open(gateway, { clock: { now: () => times.shift() ?? 0 } });
  for (const event_id of ['a', 'b', 'c'])
    await writer.append([eventRow({ project_id: 'proj_clock', event_id })]);
  await writer.pendingDerivation();
  const rows = await gateway.query<{ block: string }>(
    "SELECT block FROM events WHERE project_id = 'proj_clock' ORDER BY event_id",
  );
  const blocks = rows.map((row) => Number(row.block));
  assert.deepEqual(
    blocks,
    blocks.toSorted((a, b) => a - b),
  );
  assert.equal(new Set(blocks).size, 3);
});

test('is busy while at least a thousand rows wait for their insert', async () => {
  const writer = await open(gateway, { insertLimits: { afterMs: 60_000 } });
  const append = (from: number, count: number) =>
    writer.append(
      Array.from({ length: count }, (_, index) =>
        eventRow({ project_id: 'proj_busy', event_id: `e${from + index}` }),
      ),
    );
  await append(0, 999);
  assert.equal(writer.isBusy(), false);
  await append(999, 1);
  assert.equal(writer.isBusy(), true);
  await writer.pendingDerivation();
  assert.equal(writer.isBusy(), false);
  await writer.close();
});
