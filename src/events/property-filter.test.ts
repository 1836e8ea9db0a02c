import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { parsePropertyFilter, propertyPattern, renderPropertyFilter } from './property-filter.ts';

const piece = fc.constantFrom(':', '\\', '"', "'", '.', '[', '\n', 'a', 'é', '👍');
const text = fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join(''));

it('reads every name and value back', () => {
  const pattern = new RegExp(propertyPattern(128), 'u');
  fc.assert(
    fc.property(text, text, (name, value) => {
      const rendered = renderPropertyFilter({ name, value });
      assert.match(rendered, pattern);
      assert.deepEqual(parsePropertyFilter(rendered), { name, value });
    }),
  );
});

it('splits at the first colon that is not escaped', () => {
  for (const [filter, name, value] of [
    ['plan:pro', 'plan', 'pro'],
    ['url:https://a:1', 'url', 'https://a:1'],
    [':x', '', 'x'],
    ['a\\:b:c', 'a:b', 'c'],
    ['a\\\\:b:c', 'a\\', 'b:c'],
    ['C:\\dir', 'C', '\\dir'],
    ['a\\b:c', 'a\\b', 'c'],
  ] as const) {
    assert.deepEqual(parsePropertyFilter(filter), { name, value }, filter);
  }
  for (const filter of ['', 'plan', 'plan\\:pro']) {
    assert.equal(parsePropertyFilter(filter), undefined);
    assert.doesNotMatch(filter, new RegExp(propertyPattern(128), 'u'));
  }
});

it('limits the name, not its escapes', () => {
  const pattern = new RegExp(propertyPattern(3), 'u');
  assert.match(renderPropertyFilter({ name: ':::', value: '' }), pattern);
  assert.doesNotMatch(renderPropertyFilter({ name: 'abcd', value: '' }), pattern);
});
