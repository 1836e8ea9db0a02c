import assert from 'node:assert/strict';
import { it } from 'node:test';
import { findInvalidCharacters } from './invalid-characters.ts';

const findHalfCharacters = (value: unknown) => findInvalidCharacters(value, { allowsNul: true });

it('finds half a character in every text and name, at any depth', () => {
  const half = '\ud83d';
  const value = { whole: '😀', metadata: { [half]: 'x', a: [half] }, list: ['😀', `x${half}`], none: null };
  assert.deepEqual(
    findHalfCharacters(value)
      .map(({ field }) => field)
      .sort(),
    ['list.1', 'metadata.a.0', 'metadata.\ufffd'],
  );
  assert.deepEqual(findHalfCharacters({ whole: ['😀', { '😀': 1 }] }), []);
  assert.equal(findHalfCharacters(Array(1_000).fill(half)).length, 20);
  const brackets = 100_000;
  assert.deepEqual(findHalfCharacters(JSON.parse('['.repeat(brackets) + ']'.repeat(brackets))), []);
});

it('finds U+0000 in every text and name, unless it is allowed', () => {
  const value = { name: 'a\0', metadata: { 'b\0': 'x' }, list: ['c', '\0'], escaped: '\\u0000' };
  assert.deepEqual(
    findInvalidCharacters(value, { allowsNul: false })
      .map(({ field }) => field)
      .sort(),
    ['list.1', 'metadata.b\ufffd', 'name'],
  );
  assert.deepEqual(findInvalidCharacters(value, { allowsNul: true }), []);
});
