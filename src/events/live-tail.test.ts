import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, describe, it } from 'node:test';
import { makeManualTimers } from '../../test/support/manual-timers.ts';
import { createTestStore, eventRow } from '../../test/support/warehouse-store.ts';
import { createFeed, type FeedSource } from '../warehouse/feed.ts';
import { buildFilter } from './event-filter.ts';
import { BUFFER_BYTES_MAX, openLiveBuffer } from './live-buffer.ts';
import { HEARTBEAT_MS, openTail } from './live-tail.ts';

const store = await createTestStore();
const warehouse = await store.open();
after(async () => {
  await warehouse.close();
  await store.remove();
});

const filter = {
  projectId: 'proj_a',
  storeFilter: () => buildFilter('proj_a', ['app_a'], {}),
  matches: () => true,
};
const never = new AbortController().signal;

function open({
  feed = warehouse.feed,
  signal = never,
}: {
  feed?: FeedSource | typeof warehouse.feed;
  signal?: AbortSignal;
} = {}) {
  const timers = makeManualTimers();
  const tail = openTail({ query: warehouse.query, feed }, filter, undefined, signal, timers.time.schedule);
  const chunks = tail.chunks[Symbol.asyncIterator]();
  return { ...timers, ...tail, next: async () => (await chunks.next()).value as string | undefined };
}

/** Gives way until the tail waits. */
async function untilWaiting(countTimers: () => number): Promise<void> {
  while (countTimers() === 0) await new Promise(setImmediate);
}

const idsIn = (text = '') => [...text.matchAll(/"event_id":"([^"]+)"/g)].map(([, id]) => id);

describe('a live tail', () => {
  it('shows every 15 s of silence that it lives, and not before', async () => {
    const { next, advance, countTimers, end } = open();
    assert.match((await next()) ?? '', /^retry: 1000\nid: \S+\n\n$/);
    for (let round = 0; round < 2; round += 1) {
      let told: string | undefined;
      const waiting = next().then((text) => {
        told = text;
      });
      await untilWaiting(countTimers);
      advance(HEARTBEAT_MS - 1);
      await new Promise(setImmediate);
      assert.equal(told, undefined);
      advance(1);
      await waiting;
      assert.equal(told, ': heartbeat\n\n');
    }
    end('overloaded');
    assert.match((await next()) ?? '', /^event: closed\ndata: \{"code":"overloaded"\}\n\n$/);
    assert.equal(await next(), undefined);
    assert.equal(countTimers(), 0);
  });

  it('ends without a word when its caller is gone', async () => {
    const caller = new AbortController();
    const { next, countTimers } = open({ signal: caller.signal });
    await next();
    const waiting = next();
    await untilWaiting(countTimers);
    caller.abort();
    assert.equal(await waiting, undefined);
  });

  it('asks the store when the writer does not know what it stored, and tells nothing twice', async () => {
    const feed = createFeed(warehouse.feed.reached('proj_a'));
    const { next, countTimers, end } = open({ feed });
    await next();
    const first = next();
    await untilWaiting(countTimers);
    const rows = [eventRow({ event_id: 'unsure-1' }), eventRow({ event_id: 'unsure-2' })];
    await warehouse.append(rows);
    feed.publish(warehouse.feed.reached('proj_a'));
    assert.deepEqual(idsIn(await first), ['unsure-1', 'unsure-2']);
    const second = next();
    await untilWaiting(countTimers);
    const last = eventRow({ event_id: 'sure' });
    await warehouse.append([last]);
    feed.publish(warehouse.feed.reached('proj_a'), [last]);
    assert.deepEqual(idsIn(await second), ['sure']);
    end('overloaded');
  });
});

describe('more than a live tail holds', () => {
  /** Stores events, and tells of each as so large that no second one is held beside it. */
  async function flood(feed: FeedSource, ids: readonly string[]): Promise<void> {
    for (const event_id of ids) {
      await warehouse.append([eventRow({ event_id })]);
      const told = eventRow({ event_id, properties: `"${'x'.repeat(BUFFER_BYTES_MAX)}"` });
      feed.publish(warehouse.feed.reached('proj_a'), [told]);
    }
  }

  async function openBehind() {
    const before = warehouse.feed.reached('proj_a');
    const first = randomUUID();
    await warehouse.append([eventRow({ event_id: first })]);
    const feed = createFeed(warehouse.feed.reached('proj_a'));
    let meanwhile = async () => {};
    const query: typeof warehouse.query = async (...asked) => {
      await meanwhile();
      meanwhile = async () => {};
      return warehouse.query(...asked);
    };
    const whileReading = (task: () => Promise<void>) => {
      meanwhile = task;
    };
    const { time, countTimers } = makeManualTimers();
    const { chunks, end } = openTail({ query, feed }, filter, [before], never, time.schedule);
    const iterator = chunks[Symbol.asyncIterator]();
    const next = async () => (await iterator.next()).value as string | undefined;
    await next();
    return {
      feed,
      next,
      end,
      countTimers,
      first,
      whileReading,
    };
  }

  it('is no gap while the store is still read: what came is read from there', async () => {
    const { feed, next, end, first, whileReading } = await openBehind();
    const ids = [randomUUID(), randomUUID(), randomUUID()];
    whileReading(() => flood(feed, ids));
    assert.deepEqual(idsIn(await next()), [first]);
    assert.deepEqual(idsIn(await next()), ids);
    end('overloaded');
  });

  it('is a gap, and the end, for a reader that was let fall behind what it is told', async () => {
    const { feed, next, countTimers, first } = await openBehind();
    assert.deepEqual(idsIn(await next()), [first]);
    const live = next();
    await untilWaiting(countTimers);
    const told = randomUUID();
    feed.publish(warehouse.feed.reached('proj_a') + 1, [eventRow({ event_id: told })]);
    assert.deepEqual(idsIn(await live), [told]);
    await flood(feed, [randomUUID(), randomUUID()]);
    assert.match((await next()) ?? '', /event: gap\ndata: \{"missed":2\}\n\n$/);
    assert.equal(await next(), undefined);
  });
});

describe('the buffer of a reader', () => {
  const big = (event_id: string, bytes: number) =>
    eventRow({ event_id, properties: `"${'x'.repeat(bytes)}"` });
  const openBuffer = (feed: FeedSource) =>
    openLiveBuffer(feed, 'proj_a', () => true, makeManualTimers().time.schedule);
  const half = BUFFER_BYTES_MAX / 2;

  it('holds a block however large, and no second one beyond its bound', async () => {
    const feed = createFeed(0);
    const buffer = openBuffer(feed);
    feed.publish(1, [big('1', 3 * BUFFER_BYTES_MAX)]);
    const taken = await buffer.take(1, never);
    assert.equal(taken.kind === 'events' && taken.events.length, 1);
    feed.publish(2, [big('2', half)]);
    feed.publish(3, [big('3', half - 1_000)]);
    feed.publish(4, [big('4', half), big('5', 1)]);
    feed.publish(5, [big('6', 1)]);
    assert.deepEqual(await buffer.take(1, never), { kind: 'overflow', missed: 5 });
  });

  it('is told exactly when it is full', async () => {
    const feed = createFeed(0);
    const buffer = openBuffer(feed);
    feed.publish(1, [big('1', half - 502)]);
    feed.publish(2, [big('2', half - 502)]);
    const taken = await buffer.take(1, never);
    assert.equal(taken.kind === 'events' && taken.events.length, 2);
    feed.publish(3, [big('3', half - 502)]);
    feed.publish(4, [big('4', half - 501)]);
    assert.deepEqual(await buffer.take(1, never), { kind: 'overflow', missed: 2 });
  });

  it('takes nothing more once it is closed', async () => {
    const feed = createFeed(0);
    const buffer = openBuffer(feed);
    buffer.close();
    feed.publish(1, [big('1', 1)]);
    assert.deepEqual(await buffer.take(1, AbortSignal.abort()), { kind: 'idle' });
  });
});
