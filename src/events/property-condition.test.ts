import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import {
  findMistake,
  PROPERTY_OPERATORS,
  parsePropertyCondition,
  renderPropertyCondition,
} from './property-condition.ts';

const piece = fc.constantFrom(':', '\\', '"', 'is', 'exists', '1', '.', '-', 'é', '\n');
const text = fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join(''));

it('reads every valid condition back', () => {
  fc.assert(
    fc.property(text, fc.constantFrom(...PROPERTY_OPERATORS), text, (property, op, value) => {
      const condition = { property, op, value };
      fc.pre(findMistake(condition) === undefined);
      assert.deepEqual(parsePropertyCondition(renderPropertyCondition(condition)), condition);
    }),
  );
});

it('takes the operator after the first colon that is not escaped', () => {
  assert.deepEqual(parsePropertyCondition('a\\:is:is_not:x:y'), {
    property: 'a:is',
    op: 'is_not',
    value: 'x:y',
  });
  assert.deepEqual(parsePropertyCondition('plan:is:'), { property: 'plan', op: 'is', value: '' });
  assert.deepEqual(parsePropertyCondition('plan:exists'), { property: 'plan', op: 'exists', value: '' });
});

it('says what is wrong', () => {
  for (const [given, mistake] of [
    ['plan', /NAME:OPERATOR:VALUE/],
    ['plan:like:x', /operator that is one of is, is_not/],
    ['plan:is', /value after is/],
    ['plan:contains:', /text after contains/],
    ['plan:gt:1e999', /number after gt/],
    ['plan:lt: 1', /number after lt/],
    ['plan:exists:x', /no value after exists/],
  ] as const) {
    assert.match(String(parsePropertyCondition(given)), mistake, given);
  }
});
