import assert from 'node:assert/strict';
import { it } from 'node:test';
import { formatQuery } from './call.ts';

it('a query string repeats lists, escapes all values and omits undefined ones', () => {
  const query = { property: ['a:b&c', 'ü'], limit: 5, deleted: false, cursor: undefined };
  assert.equal(formatQuery(query), '?property=a%3Ab%26c&property=%C3%BC&limit=5&deleted=false');
  assert.equal(formatQuery({}), '');
});
