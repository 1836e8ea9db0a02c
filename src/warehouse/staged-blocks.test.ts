import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventRow } from '../../test/support/warehouse-store.ts';
import { eventKey } from './id-filter.ts';
import { encodeBlock, type LoggedBlock } from './logged-block.ts';
import { createStagedBlocks } from './staged-blocks.ts';

const limits = { rows: 3, bytes: 1e6, rowsMax: 4, bytesMax: 1e6 };
const keyOf = (event_id: string) => eventKey(eventRow({ event_id }));

/** A block in which all rows have the hash 5. */
const blockOf = (block: number, ...ids: string[]): LoggedBlock => ({
  ...encodeBlock(
    block,
    ids.map((event_id) => eventRow({ event_id })),
  ),
  hashes: new Int32Array(ids.length).fill(5),
});

test('knows the ids of each block until that block is forgotten, although all have one hash', () => {
  const staged = createStagedBlocks(limits);
  const known = () => ['a', 'b', 'c', 'd'].filter((id) => staged.has(keyOf(id), 5));
  staged.add(blockOf(1, 'a', 'b'));
  const first = staged.take();
  staged.add(blockOf(2, 'c'));
  const second = staged.take();
  assert.deepEqual([known(), staged.mayHave(5), staged.mayHave(6)], [['a', 'b', 'c'], true, false]);
  staged.forget(first);
  assert.deepEqual(known(), ['c']);
  staged.forget(second);
  assert.deepEqual([known(), staged.mayHave(5)], [[], false]);
});

test('says when there is enough for an insert, and when there is no room, with what is being inserted', () => {
  const staged = createStagedBlocks(limits);
  staged.add(blockOf(1, 'a', 'b'));
  assert.deepEqual([staged.isEnough(), staged.hasRoom(), staged.isEmpty()], [false, true, false]);
  staged.add(blockOf(2, 'c'));
  const taken = staged.take();
  assert.deepEqual([staged.isEnough(), staged.hasRoom(), staged.isEmpty()], [false, true, true]);
  staged.add(blockOf(3, 'd'));
  assert.equal(staged.hasRoom(), false);
  staged.putBack(taken);
  assert.deepEqual(
    staged.take().map(({ block }) => block),
    [1, 2, 3],
  );
  staged.forget(taken);
  assert.equal(staged.hasRoom(), true);
});
