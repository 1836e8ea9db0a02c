import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { eventRow } from '../../test/support/warehouse-store.ts';
import { type Append, createAppendQueue, type QueueLimits } from './append-queue.ts';

const limits: QueueLimits = { rowsMax: 1000, bytesMax: 100_000, blockRowsMax: 100, blockBytesMax: 10_000 };

function append(projectId: string, rows: number, bytes = rows): Append {
  const row = eventRow({ project_id: projectId, event_id: 'e' });
  const encoded = { bytes: Buffer.alloc(0), ends: [] };
  return { rows: Array(rows).fill(row), hashes: [], encoded, bytes, resolve() {}, reject() {} };
}

function projectsOf(block: Append[]): string[] {
  return block.map(({ rows }) => rows[0]?.project_id ?? '');
}

test('takes nothing from an empty queue', () => {
  assert.deepEqual(createAppendQueue(limits).take(), []);
});

test('keeps the order of a project and never splits an append', () => {
  const queue = createAppendQueue(limits);
  const appends = [append('a', 60), append('a', 60), append('a', 30)];
  for (const one of appends) assert.equal(queue.push('a', one), true);
  assert.deepEqual(queue.take(), [appends[0]]);
  assert.deepEqual(queue.take(), [appends[1], appends[2]]);
  assert.deepEqual(queue.size(), { rows: 0, bytes: 0 });
});

test('ends a block by its bytes too', () => {
  const queue = createAppendQueue(limits);
  for (let index = 0; index < 3; index += 1) queue.push('a', append('a', 1, 6_000));
  assert.equal(queue.take().length, 1);
});

test('takes an append larger than a block by itself', () => {
  const queue = createAppendQueue(limits);
  queue.push('a', append('a', 300));
  queue.push('b', append('b', 1));
  const blocks = [queue.take(), queue.take()].map((block) => projectsOf(block));
  assert.deepEqual(blocks, [['b'], ['a']]);
});

test('serves a small project in the next block even while another one floods the queue', () => {
  const queue = createAppendQueue({ ...limits, blockRowsMax: 1000, rowsMax: 100_000 });
  for (let index = 0; index < 40; index += 1) queue.push('flood', append('flood', 1000));
  for (let index = 0; index < 64; index += 1) queue.push('small', append('small', 1));
  const blocks = [queue.take(), queue.take()];
  const small = projectsOf(blocks.flat()).filter((projectId) => projectId === 'small');
  assert.equal(small.length, 64);
});

test('limits a project to half of the queue, so that a flood leaves room for others', () => {
  const queue = createAppendQueue(limits);
  let queued = 0;
  while (queue.push('flood', append('flood', 10))) queued += 10;
  assert.ok(queued <= 510);
  assert.equal(queue.push('other', append('other', 10)), true);
});

test('rejects rows and bytes above its limits, and accepts more after a block was taken', () => {
  for (const bytes of [1, 5_000]) {
    const queue = createAppendQueue(limits);
    for (let index = 0; queue.push(`p${index}`, append(`p${index}`, 50, bytes)); index += 1);
    assert.ok(queue.size().rows <= limits.rowsMax && queue.size().bytes <= limits.bytesMax);
    queue.take();
    assert.equal(queue.push('later', append('later', 50, bytes)), true);
  }
});

test('returns every append once, in order within its project', () => {
  const pushes = fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.integer({ min: 1, max: 120 })));
  fc.assert(
    fc.property(pushes, (all) => {
      const queue = createAppendQueue({ ...limits, rowsMax: 1e6, bytesMax: 1e9 });
      const pushed = all.map(([projectId, rows]) => append(projectId, rows));
      for (const one of pushed) queue.push(projectsOf([one])[0] ?? '', one);
      const queued: Append[] = [];
      for (let block = queue.take(); block.length > 0; block = queue.take()) {
        const rows = block.reduce((sum, one) => sum + one.rows.length, 0);
        assert.ok(rows <= limits.blockRowsMax || block.length === 1);
        queued.push(...block);
      }
      for (const projectId of ['a', 'b', 'c']) {
        const of = (list: Append[]) => list.filter((one) => one.rows[0]?.project_id === projectId);
        assert.deepEqual(of(queued), of(pushed));
      }
    }),
  );
});
