import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { type Batch, readBatches } from './batches.ts';
import type { Line } from './lines.ts';

const line = (number: number, text = `{"event_id":"e${number}"}`): Line => ({ number, text });

async function* from(lines: Line[], failure?: Error): AsyncGenerator<Line> {
  yield* lines;
  if (failure) throw failure;
}

const collect = (batches: AsyncIterable<Batch>): Promise<Batch[]> => Readable.from(batches).toArray();

const shapeOf = ({ items, rejected, lastLine }: Batch) => [items.length, rejected.length, lastLine];

test('fills batches to their size and remembers the last line of each', async () => {
  const lines = [1, 2, 3, 5, 8].map((number) => line(number));
  const batches = await collect(readBatches(from(lines), { afterLine: 0, size: 2 }));
  assert.deepEqual(batches.map(shapeOf), [
    [2, 0, 2],
    [2, 0, 5],
    [1, 0, 8],
  ]);
});

test('keeps a batch within its bytes; one event larger than that goes alone', async () => {
  const lines = [
    line(1, '{"a":"x"}'),
    line(2, `{"a":"${'x'.repeat(500)}"}`),
    line(3, '{"a":"y"}'),
    line(4, '{}'),
  ];
  const batches = await collect(readBatches(from(lines), { afterLine: 0, size: 10, bytesMax: 200 }));
  assert.deepEqual(batches.map(shapeOf), [
    [1, 0, 1],
    [1, 0, 2],
    [2, 0, 4],
  ]);
});

test('passes over lines that are done, and gives later ones the ids they had', async () => {
  const lines = [1, 2, 3].map((number) => line(number, '{"event_name":"a"}'));
  const whole = await collect(readBatches(from(lines), { afterLine: 0, size: 10 }));
  const rest = await collect(readBatches(from(lines), { afterLine: 2, size: 10 }));
  assert.deepEqual(rest[0]?.items, whole[0]?.items.slice(2));
});

test('a file of nothing but broken lines does not pile up in one batch', async () => {
  const lines = [1, 2, 3].map((number) => line(number, 'broken'));
  const batches = await collect(readBatches(from(lines), { afterLine: 0, size: 2 }));
  assert.deepEqual(batches.map(shapeOf), [
    [0, 2, 2],
    [0, 1, 3],
  ]);
});

test('hands out what was read before the file turned out damaged, then tells', async () => {
  const batches: Batch[] = [];
  await assert.rejects(async () => {
    const read = readBatches(from([line(1)], new Error('damaged')), { afterLine: 0, size: 10 });
    for await (const batch of read) batches.push(batch);
  }, /damaged/);
  assert.deepEqual(batches.map(shapeOf), [[1, 0, 1]]);
});

test('yields nothing for an empty file', async () => {
  assert.deepEqual(await collect(readBatches(from([]), { afterLine: 0, size: 10 })), []);
});
