import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createId } from './id.ts';

it('IDs sort by time and never collide', () => {
  assert.ok(createId(1_700_000_000_000) < createId(1_700_000_000_001));
  assert.ok(createId(0) < createId(1));
  assert.equal(new Set(Array.from({ length: 10_000 }, () => createId(1))).size, 10_000);
});
