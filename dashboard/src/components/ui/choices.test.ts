import assert from 'node:assert/strict';
import { it } from 'node:test';
import { matchingChoices, nextChoice } from './choices.ts';

const choices = ['Lingo for iOS', 'Lingo for Android', 'Shop'].map((name, index) => ({
  id: `${index}`,
  name,
}));

it('finds choices by parts of their names, in any order, ignoring case', () => {
  const found = (text: string) => matchingChoices(choices, text).map(({ id }) => id);
  assert.deepEqual(found(' LINGO '), ['0', '1']);
  assert.deepEqual(found('android'), ['1']);
  assert.deepEqual(found('none'), []);
  assert.deepEqual(found(''), ['0', '1', '2']);
  assert.deepEqual(found('android_lingo'), ['1']);
  assert.deepEqual(found('shop lingo'), []);
});

it('moves with the arrow keys and stops at both ends', () => {
  assert.equal(nextChoice(choices, '0', 'ArrowDown'), '1');
  assert.equal(nextChoice(choices, '2', 'ArrowDown'), '2');
  assert.equal(nextChoice(choices, '1', 'ArrowUp'), '0');
  assert.equal(nextChoice(choices, '0', 'ArrowUp'), '0');
  assert.equal(nextChoice(choices, '2', 'Home'), '0');
  assert.equal(nextChoice(choices, '0', 'End'), '2');
  assert.equal(nextChoice(choices, undefined, 'ArrowDown'), '0');
});

it('ignores other keys, and all keys in an empty list', () => {
  for (const key of ['a', 'Enter', 'Tab', 'toString']) assert.equal(nextChoice(choices, '0', key), undefined);
  assert.equal(nextChoice([], undefined, 'ArrowDown'), undefined);
});
