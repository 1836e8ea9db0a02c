import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createQueue } from './queue.ts';

it('a full queue drops the oldest event that is not in flight', () => {
  const event = (id: number) => ({ event_id: `${id}`, event_name: 'a', app_user_id: 'u', timestamp: '' });
  const queue = createQueue(3);
  assert.deepEqual(
    [1, 2, 3].flatMap((id) => queue.add(event(id))),
    [],
  );
  queue.hold(2);
  assert.deepEqual(queue.add(event(4)), [event(3)]);
  const ids = () => queue.list().map(({ event_id }) => event_id);
  assert.deepEqual(ids(), ['1', '2', '4']);
  queue.hold(3);
  assert.deepEqual(queue.add(event(5)), [event(5)]);
  assert.deepEqual(ids(), ['1', '2', '4']);
  queue.hold(0);
  queue.add(event(6));
  assert.deepEqual(ids(), ['2', '4', '6']);
  assert.deepEqual(queue.restore([event(0)]), [event(0)]);
  assert.deepEqual(ids(), ['2', '4', '6']);
  assert.equal(queue.remove([event(1), event(4)]), 1);
});
