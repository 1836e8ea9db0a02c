import assert from 'node:assert/strict';
import { it } from 'node:test';
import { textIn } from './search-values.ts';

it('keeps the named texts of a URL and nothing else', () => {
  assert.deepEqual(textIn({ q: 'ios', type: '', other: 'x' }, 'q', 'type', 'status'), { q: 'ios' });
});

it('takes what looks like a number or a boolean as the text it was typed as', () => {
  assert.deepEqual(textIn({ q: 42, type: true }, 'q', 'type'), { q: '42', type: 'true' });
});

it('leaves out what is no text', () => {
  assert.deepEqual(textIn({ q: ['a'], type: { a: 1 }, status: null }, 'q', 'type', 'status'), {});
});
