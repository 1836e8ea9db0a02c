import assert from 'node:assert/strict';
import { it } from 'node:test';
import { makeId } from './id.ts';

it('ids sort by time and never meet', () => {
  assert.ok(makeId(1_700_000_000_000) < makeId(1_700_000_000_001));
  assert.ok(makeId(0) < makeId(1));
  assert.equal(new Set(Array.from({ length: 10_000 }, () => makeId(1))).size, 10_000);
});
