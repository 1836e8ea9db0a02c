import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, it } from 'node:test';
import { cleanUp } from '../../test/support/clean-up.ts';
import { makeManualTimers } from '../../test/support/manual-timers.ts';
import { createTestStore, eventRow } from '../../test/support/warehouse-store.ts';
import { createFeed, type FeedSource } from '../warehouse/feed.ts';
import { buildFilter } from './event-filter.ts';
import { BUFFER_BYTES_MAX, openLiveBuffer } from './live-buffer.ts';
import { HEARTBEAT_MS, openTail } from './live-tail.ts';

const store = await createTestStore();
const warehouse = await store.open();
cleanUp(async () => {
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

/** Resolves when the tail waits for events. */
async function untilWaiting(countTimers: () => number): Promise<void> {
  while (countTimers() === 0) await new Promise(setImmediate);
}

const idsIn = (text = '') => [...text.matchAll(/"event_id":"([^"]+)"/g)].map(([, id]) => id);

describe('a live tail', () => {
  it('sends `ready` first, and a comment that completes no message after every 15 s without events, not before', async () => {
    const { next, advance, countTimers, end } = open();
    assert.match((await next()) ?? '', /^retry: 1000\nid: \S+\nevent: ready\ndata: \{\}\n\n$/);
    for (let round = 0; round < 2; round += 1) {
      let sent: string | undefined;
      const waiting = next().then((text) => {
        sent = text;
      });
      await untilWaiting(countTimers);
      advance(HEARTBEAT_MS - 1);
      await new Promise(setImmediate);
      assert.equal(sent, undefined);
      advance(1);
      await waiting;
      assert.equal(sent, ': heartbeat\n');
    }
    end('overloaded');
    assert.match((await next()) ?? '', /^event: closed\ndata: \{"code":"overloaded"\}\n\n$/);
    assert.equal(await next(), undefined);
    assert.equal(countTimers(), 0);
  });

  it('ends without a message when its client disconnects', async () => {
    const caller = new AbortController();
    const { next, countTimers } = open({ signal: caller.signal });
    await next();
    const waiting = next();
    await untilWaiting(countTimers);
    caller.abort();
    assert.equal(await waiting, undefined);
  });

  it('reads the store when the writer does not know what it stored, and sends nothing twice', async () => {
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

describe('more events than a live tail buffers', () => {
  /** Stores events, and publishes each so large that the buffer has no space for a second one. */
  async function flood(feed: FeedSource, ids: readonly string[]): Promise<void> {
    for (const event_id of ids) {
      await warehouse.append([eventRow({ event_id })]);
      const published = eventRow({ event_id, properties: `"${'x'.repeat(BUFFER_BYTES_MAX)}"` });
      feed.publish(warehouse.feed.reached('proj_a'), [published]);
    }
  }

  async function openBehind() {
    const before = warehouse.feed.reached('proj_a');
    const first = randomUUID();
    await warehouse.append([eventRow({ event_id: first })]);
    const feed = createFeed(warehouse.feed.reached('proj_a'));
    let meanwhile = async () => {};
    const query: typeof warehouse.query = async (...args) => {
      await meanwhile();
      meanwhile = async () => {};
      return warehouse.query(...args);
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

  it('more events than the buffer holds cause no gap while the store is still read: they are read from there', async () => {
    const { feed, next, end, first, whileReading } = await openBehind();
    const ids = [randomUUID(), randomUUID(), randomUUID()];
    whileReading(() => flood(feed, ids));
    assert.deepEqual(idsIn(await next()), [first]);
    assert.deepEqual(idsIn(await next()), ids);
    end('overloaded');
  });

  it('more events than the buffer holds end the stream with a gap for a reader that falls behind', async () => {
    const { feed, next, countTimers, first } = await openBehind();
    assert.deepEqual(idsIn(await next()), [first]);
    const live = next();
    await untilWaiting(countTimers);
    const sent = randomUUID();
    feed.publish(warehouse.feed.reached('proj_a') + 1, [eventRow({ event_id: sent })]);
    assert.deepEqual(idsIn(await live), [sent]);
    await flood(feed, [randomUUID(), randomUUID()]);
    assert.match((await next()) ?? '', /event: gap\ndata: \{"missed":2\}\n\n$/);
    assert.equal(await next(), undefined);
  });
});

describe('the live buffer', () => {
  const big = (event_id: string, bytes: number) =>
    eventRow({ event_id, properties: `"${'x'.repeat(bytes)}"` });
  const openBuffer = (feed: FeedSource) =>
    openLiveBuffer(feed, 'proj_a', () => true, makeManualTimers().time.schedule);
  const half = BUFFER_BYTES_MAX / 2;

  it('keeps a block of any size, but no second one beyond its limit', async () => {
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

  it('overflows exactly at its limit', async () => {
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

  it('collects nothing once it is closed', async () => {
    const feed = createFeed(0);
    const buffer = openBuffer(feed);
    buffer.close();
    feed.publish(1, [big('1', 1)]);
    assert.deepEqual(await buffer.take(1, AbortSignal.abort()), { kind: 'idle' });
  });
});
