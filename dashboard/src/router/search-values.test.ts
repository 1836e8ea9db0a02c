import assert from 'node:assert/strict';
import { it } from 'node:test';
import { pickText } from './search-values.ts';

it('keeps the named strings of a URL and nothing else', () => {
  assert.deepEqual(pickText({ q: 'ios', type: '', other: 'x' }, 'q', 'type', 'status'), { q: 'ios' });
});

it('reads numbers and booleans as the text that was typed', () => {
  assert.deepEqual(pickText({ q: 42, type: true }, 'q', 'type'), { q: '42', type: 'true' });
});

it('leaves out values that are not strings', () => {
  assert.deepEqual(pickText({ q: ['a'], type: { a: 1 }, status: null }, 'q', 'type', 'status'), {});
});
