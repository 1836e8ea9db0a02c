import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Type } from 'typebox';
import { parseQuery } from './query.ts';

const SCHEMA = Type.Object({
  name: Type.Array(Type.String()),
  limit: Type.Integer(),
  is_new: Type.Boolean(),
});

it('converts parameters to the types of the schema, and collects repeated names', () => {
  const query = parseQuery('name=a&limit=20&is_new=true&other=1&other=2&__proto__=x', SCHEMA);
  assert.deepEqual(Object.entries(query), [
    ['name', ['a']],
    ['limit', 20],
    ['is_new', true],
    ['other', ['1', '2']],
    ['__proto__', 'x'],
  ]);
  assert.deepEqual(parseQuery('name=a&name=b&limit=x', SCHEMA).name, ['a', 'b']);
});

it('takes time in proportion to the number of parameters, not to its square', () => {
  const search = (count: number) => Array.from({ length: count }, (_, index) => `p${index}`).join('&');
  const measure = (text: string) => {
    const rounds = Array.from({ length: 5 }, () => {
      const startedAt = performance.now();
      parseQuery(text, SCHEMA);
      return performance.now() - startedAt;
    });
    return Math.min(...rounds);
  };
  const [few, many] = [search(1_000), search(32_000)];
  measure(few);
  // 32 times as many: 1,024 times as long if it were the square.
  assert.ok(measure(many) < measure(few) * 300);
});
