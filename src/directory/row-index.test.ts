import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createRowIndex } from './row-index.ts';

it('finds each row by its hash and match, however many share a hash, while rows come and go', () => {
  // Few hashes, so that rows collide, and one at the end of the table, so that searches go around it.
  const hashOf = (row: number) => (row % 7 === 0 ? -1 : row % 50);
  const index = createRowIndex(hashOf);
  const present = new Set<number>();
  let random = 1;
  for (let step = 0; step < 20_000; step += 1) {
    random = (random * 48_271) % 2_147_483_647;
    const row = random % 1_500;
    if (present.delete(row)) index.remove(hashOf(row), row);
    else {
      index.add(hashOf(row), row);
      present.add(row);
    }
    const sought = random % 1_499;
    const found = index.find(hashOf(sought), (candidate) => candidate === sought);
    assert.equal(found, present.has(sought) ? sought : undefined);
  }
});

it('ignores the removal of a row that is not there', () => {
  const index = createRowIndex(() => 5);
  index.add(5, 1);
  index.remove(5, 2);
  assert.equal(
    index.find(5, (row) => row === 1),
    1,
  );
});
