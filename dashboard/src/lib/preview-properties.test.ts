import assert from 'node:assert/strict';
import { test } from 'node:test';
import { previewProperties } from './preview-properties.ts';

test('shows the first properties, counts the rest, and shortens long values', () => {
  assert.equal(previewProperties({}), '');
  assert.equal(previewProperties({ screen: 'home', depth: 3 }), 'screen: home · depth: 3');
  assert.equal(
    previewProperties({ a: 1, b: null, c: [1], d: { e: true } }),
    'a: 1 · b: null · c: [1] · d: {"e":true}',
  );
  assert.equal(previewProperties({ a: 1, b: 2, c: 3, d: 4, e: 5 }), 'a: 1 · b: 2 · c: 3 · d: 4 · 1 more');
  assert.equal(previewProperties({ a: 'x'.repeat(40) }), `a: ${'x'.repeat(40)}`);
  assert.equal(previewProperties({ a: '😀'.repeat(41) }), `a: ${'😀'.repeat(39)}…`);
});
