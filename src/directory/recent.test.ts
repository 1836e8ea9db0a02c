import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createRecent } from './recent.ts';

it('keeps what is used again, and at most twice its size', () => {
  const recent = createRecent<string>(3);
  for (let id = 0; id < 30; id += 1) {
    recent.get(0);
    recent.add(id, `value ${id}`);
  }
  const kept = Array.from({ length: 30 }, (_, id) => recent.get(id)).filter((value) => value !== undefined);
  assert.ok(kept.includes('value 0'), 'it was used all the time');
  assert.ok(kept.length <= 6, `${kept.length} kept`);
});

it('returns nothing that was removed or replaced', () => {
  const recent = createRecent<string>(1);
  recent.add(1, 'old');
  recent.add(2, 'other');
  assert.equal(recent.add(1, 'new'), 'new');
  assert.equal(recent.get(1), 'new');
  recent.remove(1);
  assert.equal(recent.get(1), undefined);
  recent.add(2, 'again');
  recent.clear();
  assert.equal(recent.get(2), undefined);
});
