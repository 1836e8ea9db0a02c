import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventRow } from '../../test/support/warehouse-store.ts';
import type { Append } from './append-queue.ts';
import { type Block, formBlock, listIsNew, selectNewRows } from './block.ts';
import { createEventHasher, eventKey } from './id-filter.ts';
import { decodeRows } from './rows/decode-rows.ts';
import { encodeRows } from './rows/encode-rows.ts';

const rowOf = (event_id: string, key_id = 'key_a') => eventRow({ event_id, key_id });
const keysOf = (ids: string[]) => new Set(ids.map((id) => eventKey(rowOf(id))));

/** Each row of an append has a key ID such as `x0`: its event ID and its position. */
function append(ids: string[], hashOf = createEventHasher()): Append {
  const rows = ids.map((id, index) => rowOf(id, `${id}${index}`));
  return { rows, hashes: rows.map(hashOf), encoded: encodeRows(rows), bytes: 0, resolve() {}, reject() {} };
}

/** Returns the key IDs of the rows to store, from the objects and from the bytes. */
function listStored(block: Block, stored: ReadonlySet<string>): string[] {
  const { rows, hashes, parts, ends } = selectNewRows(block, listIsNew(block, stored));
  const decoded = decodeRows(Buffer.concat(parts));
  assert.deepEqual(decoded, { rows, ends });
  assert.equal(hashes.length, rows.length);
  return rows.map(({ key_id }) => key_id);
}

test('stores a repeated id once, the first, within and across the appends of a block', () => {
  const block = formBlock([append(['x', 'x', 'y']), append(['y', 'z'])], () => false);
  assert.deepEqual(listStored(block, new Set()), ['x0', 'y2', 'z1']);
  assert.deepEqual(listIsNew(block, new Set()), [
    [true, false, true],
    [false, true],
  ]);
});

test('stores nothing that is already stored', () => {
  const block = formBlock([append(['x', 'y'])], () => true);
  assert.deepEqual(listStored(block, keysOf(['x'])), ['y1']);
  assert.deepEqual(listIsNew(block, keysOf(['x'])), [[false, true]]);
});

test('stores different ids of the same hash, each once', () => {
  const block = formBlock([append(['x', 'y', 'x'], () => 7), append(['z', 'y'], () => 7)], () => false);
  assert.deepEqual(listStored(block, new Set()), ['x0', 'y1', 'z0']);
  assert.deepEqual(listStored(block, keysOf(['y'])), ['x0', 'z0']);
});

test('builds no key while no id can be a repeated one', () => {
  assert.deepEqual(formBlock([append(['x', 'y']), append(['z'])], () => false).suspects, []);
});
