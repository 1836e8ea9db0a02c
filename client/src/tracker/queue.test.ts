import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createQueue } from './queue.ts';

it('a full queue drops the oldest event that is not in flight', () => {
  const event = (id: number) => ({ event_id: `${id}`, event_name: 'a', app_user_id: 'u', timestamp: '' });
  const queue = createQueue(3);
  assert.deepEqual(
    [1, 2, 3].map((id) => queue.add(event(id))),
    [0, 0, 0],
  );
  queue.hold(2);
  assert.equal(queue.add(event(4)), 1);
  const ids = () => queue.list().map(({ event_id }) => event_id);
  assert.deepEqual(ids(), ['1', '2', '4']);
  queue.hold(3);
  assert.equal(queue.add(event(5)), 1);
  assert.deepEqual(ids(), ['1', '2', '4']);
  queue.hold(0);
  queue.add(event(6));
  assert.deepEqual(ids(), ['2', '4', '6']);
  assert.equal(queue.restore([event(0), event(2)]), 1);
  assert.deepEqual(ids(), ['2', '4', '6']);
  assert.equal(queue.remove([event(1), event(4)]), 1);
});
