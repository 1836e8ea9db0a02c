import assert from 'node:assert/strict';
import { it } from 'node:test';
import { mapBatch } from './store-mapped.ts';

it('keeps an element that cannot be mapped as one that is rejected, and maps the others', () => {
  const map = (item: unknown) => {
    if (item !== null && typeof item === 'object' && 'isBroken' in item) throw new TypeError('broken');
    return [{ event_name: 'a', event_id: 'e-1' }];
  };
  const { events, sources, ignored } = mapBatch(undefined, [{}, null, 'x', [], { isBroken: 1 }, {}], map);
  assert.deepEqual(
    events.map((event) => event === null),
    [false, true, true, true, true, false],
  );
  assert.deepEqual([sources, ignored], [[0, 1, 2, 3, 4, 5], 0]);
});
