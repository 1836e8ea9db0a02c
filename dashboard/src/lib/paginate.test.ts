import assert from 'node:assert/strict';
import { it } from 'node:test';
import { paginate } from './paginate.ts';

const ITEMS = ['a', 'b', 'c', 'd', 'e'];

it('puts each item on exactly one page', () => {
  const shown = ['1', '2', '3'].flatMap((page) => paginate(ITEMS, page, 2).items);
  assert.deepEqual(shown, ITEMS);
  assert.deepEqual(paginate(ITEMS, '3', 2), { items: ['e'], page: 3, pages: 3, skipped: 4 });
  assert.equal(paginate(ITEMS.slice(0, 4), '1', 2).pages, 2);
});

it('returns the nearest page if the requested one does not exist', () => {
  for (const wanted of [undefined, '', '0', '-1', 'x', '1.9'])
    assert.equal(paginate(ITEMS, wanted, 2).page, 1);
  assert.equal(paginate(ITEMS, '4', 2).page, 3);
  assert.deepEqual(paginate([], '2', 2), { items: [], page: 1, pages: 1, skipped: 0 });
});
