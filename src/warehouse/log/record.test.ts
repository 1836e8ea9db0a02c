import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeRecord, type LogRecord, parseSegment } from './record.ts';

const record = (block: number, text: string, rowCount = 1): LogRecord => ({
  ...{ block, previous: block - 1, insertedUpTo: block - 2, rowCount },
  ...{ format: 'rows', bytes: Buffer.from(text) },
});
const records = [record(7, '["ä",1]\n["😀",2]', 2), record(8, '["b"]'), record(9, '["c"]')];
const encoded = records.map(encodeRecord);
const bytes = Buffer.concat(encoded);
const ends = encoded.map((_, index) => Buffer.concat(encoded.slice(0, index + 1)).length);
const [firstEnd = 0, secondEnd = 0] = ends;

test('returns the records that were written', () => {
  assert.deepEqual(parseSegment(bytes), { records, damaged: [], tornAt: undefined });
  assert.deepEqual(parseSegment(Buffer.alloc(0)), { records: [], damaged: [], tornAt: undefined });
});

test('cuts off a last record that is not complete, whatever its length', () => {
  for (let length = secondEnd + 1; length < bytes.length; length += 1) {
    const parsed = parseSegment(bytes.subarray(0, length));
    assert.deepEqual(parsed, { records: records.slice(0, 2), damaged: [], tornAt: secondEnd }, `${length}`);
  }
});

test('cuts off a last record whose pages were not written, and zeros at the end', () => {
  const unwritten = Buffer.from(bytes);
  unwritten.fill(0, secondEnd + 20);
  for (const content of [unwritten, Buffer.concat([bytes.subarray(0, secondEnd), Buffer.alloc(4_096)])])
    assert.deepEqual(parseSegment(content), {
      records: records.slice(0, 2),
      damaged: [],
      tornAt: secondEnd,
    });
});

test('reports every flipped byte, and continues with the record after it', () => {
  for (let at = 0; at < bytes.length; at += 1) {
    const flipped = Buffer.from(bytes);
    flipped[at] = (flipped[at] ?? 0) ^ 1;
    const { records: found, damaged, tornAt } = parseSegment(flipped);
    const damagedIndex = ends.findIndex((end) => at < end);
    assert.deepEqual(found, records.toSpliced(damagedIndex, 1), `byte ${at}`);
    assert.equal(tornAt, undefined);
    const [range] = damaged;
    assert.equal(damaged.length, 1);
    assert.equal(range?.from, [0, firstEnd, secondEnd][damagedIndex]);
    assert.equal(range?.next, damagedIndex < 2 ? damagedIndex : undefined);
  }
});

test('says how many rows a damaged record has if its header is intact', () => {
  const flipped = Buffer.from(bytes);
  flipped[firstEnd - 1] = 0;
  assert.equal(parseSegment(flipped).damaged[0]?.rowCount, 2);
  flipped[16] = 3;
  assert.equal(parseSegment(flipped).damaged[0]?.rowCount, undefined);
});

test('reads records of the release before, whose rows are lines of text', () => {
  const old = Buffer.from(encoded[0] ?? []);
  old[3] = 0x31;
  const { records: found } = parseSegment(Buffer.concat([old, encoded[1] ?? Buffer.alloc(0)]));
  assert.deepEqual(
    found.map(({ format }) => format),
    ['lines', 'rows'],
  );
  old[3] = 0x33;
  assert.deepEqual(parseSegment(old).records, []);
});
