import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventRow } from '../../test/support/warehouse-store.ts';
import { EVENT_COLUMNS } from './event-columns.ts';
import { eventKey, hashKey } from './id-filter.ts';
import { encodeBlock, hasKey, toLoggedBlock } from './logged-block.ts';

const rows = [
  eventRow({ event_id: 'a', revenue: '9.99', currency: 'USD' }),
  eventRow({ event_id: 'b', event_name: '$identify', properties: '{"anonymous_id":"é"}' }),
];
const block = encodeBlock(7, rows);

test('reads a block of the log as it was written', () => {
  assert.deepEqual(toLoggedBlock({ block: 7, format: 'rows', bytes: block.bytes }), block);
});

test('reads a block of lines, as the release before wrote them', () => {
  const lines = rows.map((row) => JSON.stringify([...EVENT_COLUMNS.map((name) => row[name]), 7]));
  assert.deepEqual(toLoggedBlock({ block: 7, format: 'lines', bytes: Buffer.from(lines.join('\n')) }), block);
});

test('keeps the rows that persons are derived from, and of all others only bytes', () => {
  assert.deepEqual(block.personRows, [rows[1]]);
  assert.deepEqual(Object.keys(block).sort(), ['block', 'bytes', 'ends', 'hashes', 'personRows']);
});

test('knows a key by its text, not only by its hash', () => {
  const sameHash = { ...block, hashes: Int32Array.of(5, 5) };
  for (const row of rows) {
    assert.ok(hasKey(sameHash, eventKey(row), 5));
    assert.ok(hasKey(block, eventKey(row), hashKey(eventKey(row)) | 0));
  }
  assert.equal(hasKey(sameHash, eventKey(eventRow({ event_id: 'c' })), 5), false);
});
