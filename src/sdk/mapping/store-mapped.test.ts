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

it('gives an event without an ID the same one when its batch is sent again', () => {
  const idsOf = (items: object[], sentAt?: string) =>
    mapBatch(sentAt, items, (item) => [item as object]).events.map(
      (event) => (event as { event_id?: string }).event_id,
    );
  const tap = { event_name: 'tap', timestamp: '2026-11-28T12:00:00Z' };
  const [first, second, other] = idsOf([tap, tap, { ...tap, app_user_id: 'user_2' }]);
  assert.equal(new Set([first, second, other]).size, 3);
  assert.deepEqual(idsOf([tap], '2026-11-28T13:00:00Z'), [first]);
  assert.deepEqual(idsOf([{ event_name: 'tap' }]), [undefined], 'it may have happened twice');
  assert.deepEqual(idsOf([{ ...tap, event_id: 'e-1' }]), ['e-1']);
});
