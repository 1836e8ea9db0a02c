import assert from 'node:assert/strict';
import { it } from 'node:test';
import { pageOf } from './pages.ts';

const ITEMS = ['a', 'b', 'c', 'd', 'e'];

it('gives each item on one page', () => {
  const shown = ['1', '2', '3'].flatMap((page) => pageOf(ITEMS, page, 2).items);
  assert.deepEqual(shown, ITEMS);
  assert.deepEqual(pageOf(ITEMS, '3', 2), { items: ['e'], page: 3, pages: 3, skipped: 4 });
  assert.equal(pageOf(ITEMS.slice(0, 4), '1', 2).pages, 2);
});

it('gives the nearest page for one that does not exist', () => {
  for (const wanted of [undefined, '', '0', '-1', 'x', '1.9']) assert.equal(pageOf(ITEMS, wanted, 2).page, 1);
  assert.equal(pageOf(ITEMS, '4', 2).page, 3);
  assert.deepEqual(pageOf([], '2', 2), { items: [], page: 1, pages: 1, skipped: 0 });
});
