import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventRow } from '../../test/support/warehouse-store.ts';
import type { Append } from './append-queue.ts';
import { formBlock, listIsNew, selectNewRows } from './block.ts';
import { listSeenUsers } from './seen-users.ts';

function append(ids: string[]): Append {
  const rows = ids.map((id) => eventRow({ event_id: id }));
  const lines = ids.map((id, index) => `${id}${index}`);
  return { rows, keys: ids, lines, bytes: 0, resolve() {}, reject() {} };
}

test('stores a repeated id once, the first, within and across the appends of a block', () => {
  const block = formBlock([append(['x', 'x', 'y']), append(['y', 'z'])]);
  const stored = new Set<string>();
  assert.deepEqual(selectNewRows(block, stored).lines, ['x0', 'y2', 'z1']);
  assert.deepEqual(listIsNew(block, stored), [
    [true, false, true],
    [false, true],
  ]);
});

test('stores nothing that is already stored', () => {
  const block = formBlock([append(['x', 'y'])]);
  assert.deepEqual(selectNewRows(block, new Set(['x'])).lines, ['y1']);
  assert.deepEqual(listIsNew(block, new Set(['x'])), [[false, true]]);
});

test('lists each user of a block once, with the first and last time', () => {
  const at = (timestamp: number, user: string) => eventRow({ event_id: 'e', app_user_id: user, timestamp });
  assert.deepEqual(listSeenUsers([at(5, 'u'), at(3, 'u'), at(9, 'u'), at(4, 'v')]), [
    ['proj_a', 'app_a', 'u', 3, 9],
    ['proj_a', 'app_a', 'v', 4, 4],
  ]);
});
