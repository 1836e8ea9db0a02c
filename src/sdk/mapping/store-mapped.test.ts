import assert from 'node:assert/strict';
import { it } from 'node:test';
import { isEventId } from '../../events/ingest/event.ts';
import { createLoopShare } from '../../limits/loop-share.ts';
import { mapBatch, type SentBatch } from './store-mapped.ts';

const USER = { kind: 'client', callerId: 'key_1', network: '192.0.2.1' } as const;
const mapAll = (batch: SentBatch, loopShare = createLoopShare()) => mapBatch({ loopShare }, USER, batch);

async function idsOf(items: object[], sentAt?: string) {
  const { events } = await mapAll({ sentAt, items: [...items], map: (item) => [item as object] });
  return events.map((event) => (event as { event_id?: string }).event_id);
}

it('keeps an element that cannot be mapped as one that is rejected, and maps the others', async () => {
  const map = (item: unknown) => {
    if (item !== null && typeof item === 'object' && 'isBroken' in item) throw new TypeError('broken');
    return [{ event_name: 'a', event_id: 'e-1' }];
  };
  const items = [{}, null, 'x', [], { isBroken: 1 }, {}];
  const { events, sources, ignored } = await mapAll({ sentAt: undefined, items, map });
  assert.deepEqual(
    events.map((event) => event === null),
    [false, true, true, true, true, false],
  );
  assert.deepEqual([sources, ignored], [[0, 1, 2, 3, 4, 5], 0]);
  assert.deepEqual(items, [], 'what was sent is freed');
});

it('gives an event without an ID the same one when its batch is sent again', async () => {
  const tap = { event_name: 'tap', timestamp: '2026-11-28T12:00:00Z' };
  const [first, second, other] = await idsOf([tap, tap, { ...tap, app_user_id: 'user_2' }]);
  assert.equal(new Set([first, second, other]).size, 3);
  assert.deepEqual(await idsOf([tap], '2026-11-28T13:00:00Z'), [first]);
  assert.deepEqual(await idsOf([{ event_name: 'tap' }]), [undefined], 'it may have happened twice');
  assert.deepEqual(await idsOf([{ ...tap, event_id: 'e-1' }]), ['e-1']);
});

it('gives every event of a batch that is stored in parts an ID, which is the same when it is sent again', async () => {
  const taps = (count: number) => Array.from({ length: count }, () => ({ event_name: 'tap' }));
  assert.deepEqual(new Set(await idsOf(taps(1_000))), new Set([undefined]));
  const ids = await idsOf(taps(1_001));
  assert.equal(new Set(ids).size, 1_001);
  assert.ok(ids.every((id) => id !== undefined && isEventId(id)));
  assert.deepEqual(await idsOf(taps(1_001)), ids);
});

it('derives an ID from one with characters that IDs do not have, always the same', async () => {
  const event = { event_name: 'tap', event_id: 'order 42' };
  const [first] = await idsOf([event]);
  assert.match(first ?? '', /^of-[0-9a-f]{32}$/);
  assert.deepEqual(await idsOf([{}, event]), [undefined, first]);
  assert.notDeepEqual(await idsOf([{ ...event, event_id: 'order 43' }]), [first]);
});

it('maps a large batch in turns with other senders', async () => {
  const loopShare = createLoopShare();
  let longestMs = 0;
  let lastAt = performance.now();
  const timer = setInterval(() => {
    longestMs = Math.max(longestMs, performance.now() - lastAt);
    lastAt = performance.now();
  }, 1);
  let tasks = 0;
  const run: typeof loopShare.run = (user, task) => {
    tasks += 1;
    return loopShare.run(user, task);
  };
  const busy = () => {
    const until = performance.now() + 0.5;
    while (performance.now() < until);
    return [];
  };
  await mapAll({ sentAt: undefined, items: Array.from({ length: 200 }, () => ({})), map: busy }, { run });
  clearInterval(timer);
  assert.ok(tasks >= 10, `${tasks} tasks`);
  assert.ok(longestMs < 100, `${longestMs} ms`);
});
