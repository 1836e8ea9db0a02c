import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { makeManualTimers } from '../../test/support/manual-timers.ts';
import { createInFlight, type NoSlot, type Slot } from './in-flight.ts';
import type { MaybePromise } from './maybe-promise.ts';

const LIMIT = { running: 5, waiting: 10 };

function open() {
  const { time, advance, countTimers } = makeManualTimers();
  const inFlight = createInFlight(time);
  const enter = (keyId = 'key_a', limit = LIMIT, signal = new AbortController().signal) =>
    inFlight.acquire(keyId, limit, { signal: () => signal });
  return { inFlight, advance, enter, countTimers };
}

function requireSlot(answer: MaybePromise<Slot | NoSlot>): Slot {
  assert.ok(!(answer instanceof Promise) && answer.allowed, 'there is a slot immediately');
  return answer;
}

function requireRefusal(answer: MaybePromise<Slot | NoSlot>): number {
  assert.ok(!(answer instanceof Promise) && !answer.allowed, 'there is none, and the queue is full');
  return answer.retryAfterMs;
}

const take = (count: number, enter: () => MaybePromise<Slot | NoSlot>) =>
  Array.from({ length: count }, () => requireSlot(enter()));

const queue = (count: number, enter: () => MaybePromise<Slot | NoSlot>) =>
  Array.from({ length: count }, () => {
    const answer = enter();
    assert.ok(answer instanceof Promise, 'it waits');
    return answer;
  });

describe('the queries of one key', () => {
  it('queries of one key run 5 at a time, the next 10 wait, and the 16th is refused', () => {
    const { inFlight, enter } = open();
    take(5, enter);
    queue(10, enter);
    assert.deepEqual(inFlight.count(), { running: 5, waiting: 10 });
    assert.equal(requireRefusal(enter()), 2_000);
    assert.deepEqual(inFlight.count(), { running: 5, waiting: 10 });
  });

  it('a free slot goes to the query that has waited longest', async () => {
    const { inFlight, enter } = open();
    const [slot] = take(5, enter);
    const [first, second] = queue(2, enter);
    slot?.release();
    assert.equal((await first)?.allowed, true);
    assert.deepEqual(inFlight.count(), { running: 5, waiting: 1 });
    await Promise.race([second, Promise.resolve()]);
    assert.deepEqual(inFlight.count(), { running: 5, waiting: 1 }, 'one slot, one caller');
  });

  it('a query without a slot after 2 s is refused; a millisecond earlier it still waits', async () => {
    const { inFlight, enter, advance, countTimers } = open();
    take(5, enter);
    const [waiter] = queue(1, enter);
    advance(1_999);
    assert.deepEqual(inFlight.count(), { running: 5, waiting: 1 });
    advance(1);
    assert.deepEqual(await waiter, { allowed: false, retryAfterMs: 1_000 });
    assert.deepEqual(inFlight.count(), { running: 5, waiting: 0 });
    assert.equal(countTimers(), 0);
  });

  it('a caller refused by a full queue that waits exactly the reported time finds room in it', async () => {
    const { enter, advance } = open();
    take(5, enter);
    const [oldest] = queue(1, enter);
    advance(700);
    queue(9, enter);
    advance(300);
    const wait = requireRefusal(enter());
    assert.equal(wait, 1_000);
    advance(wait - 1);
    assert.equal(requireRefusal(enter()), 1, 'never 0');
    advance(1);
    assert.equal((await oldest)?.allowed, false);
    queue(1, enter);
  });

  it('a refusal reports a wait even without a queue', () => {
    const { enter } = open();
    const limit = { running: 1, waiting: 0 };
    requireSlot(enter('key_a', limit));
    assert.equal(requireRefusal(enter('key_a', limit)), 1_000);
  });

  it('a caller that disconnects leaves the queue immediately, and its timer is canceled', async () => {
    const { inFlight, enter, countTimers } = open();
    const [slot] = take(5, enter);
    const leaver = new AbortController();
    const canceled = enter('key_a', LIMIT, leaver.signal);
    const [next] = queue(1, enter);
    leaver.abort();
    await assert.rejects(async () => await canceled, { name: 'AbortError' });
    assert.deepEqual([inFlight.count().waiting, countTimers()], [1, 1]);
    slot?.release();
    assert.equal((await next)?.allowed, true, 'the slot goes to a caller that is still connected');
    assert.equal(countTimers(), 0);
  });

  it('a caller that has already disconnected never joins the queue', async () => {
    const { inFlight, enter } = open();
    take(5, enter);
    await assert.rejects(async () => await enter('key_a', LIMIT, AbortSignal.abort()), {
      name: 'AbortError',
    });
    assert.deepEqual(inFlight.count(), { running: 5, waiting: 0 });
  });

  it('disconnecting after getting a slot changes nothing: the slot stays taken until it is released', async () => {
    const { inFlight, enter } = open();
    const [slot] = take(5, enter);
    const leaver = new AbortController();
    const waiter = enter('key_a', LIMIT, leaver.signal);
    slot?.release();
    leaver.abort();
    const answer = await waiter;
    assert.ok(answer.allowed);
    assert.equal(inFlight.count().running, 5);
    answer.release();
    assert.equal(inFlight.count().running, 4);
  });

  it('a slot is returned once, however often it is released', () => {
    const { inFlight, enter } = open();
    const [slot] = take(2, enter);
    for (let round = 0; round < 3; round += 1) slot?.release();
    assert.deepEqual(inFlight.count(), { running: 1, waiting: 0 });
  });

  it('queries of one key do not delay those of another', () => {
    const { enter } = open();
    take(5, enter);
    queue(10, enter);
    requireSlot(enter('key_b'));
  });
});

describe('a limit that changes', () => {
  it('a raised limit admits waiting queries before that of the next call', async () => {
    const { inFlight, enter } = open();
    take(5, enter);
    const waiting = queue(2, enter);
    requireSlot(enter('key_a', { running: 8, waiting: 10 }));
    for (const waiter of waiting) assert.equal((await waiter).allowed, true);
    assert.deepEqual(inFlight.count(), { running: 8, waiting: 0 });
  });

  it('a lowered limit lets running queries continue, and starts none until fewer run', async () => {
    const { inFlight, enter } = open();
    const slots = take(5, enter);
    const low = { running: 2, waiting: 1 };
    const waiter = enter('key_a', low);
    requireRefusal(enter('key_a', low));
    for (const slot of slots.slice(0, 3)) slot.release();
    assert.deepEqual(inFlight.count(), { running: 2, waiting: 1 });
    slots[3]?.release();
    assert.equal((await waiter).allowed, true);
    assert.deepEqual(inFlight.count(), { running: 2, waiting: 0 });
  });
});

/** Runs random steps against two keys, each with two slots and three places in the queue. */
function play() {
  const { inFlight, advance, countTimers } = open();
  const held: Slot[] = [];
  const callers: AbortController[] = [];
  const keep = (answer: Slot | NoSlot) => answer.allowed && held.push(answer);
  const steps = {
    enter(nth: number) {
      const caller = new AbortController();
      callers.push(caller);
      const answer = inFlight.acquire(
        `key_${nth % 2}`,
        { running: 2, waiting: 3 },
        { signal: () => caller.signal },
      );
      if (answer instanceof Promise) answer.then(keep, () => undefined);
      else keep(answer);
    },
    release: (nth: number) => held.splice(nth % 4, 1)[0]?.release(),
    leave: (nth: number) => callers[nth]?.abort(),
    advance: (nth: number) => advance(nth * 50),
  };
  async function end() {
    for (const caller of callers) caller.abort();
    while (held.length > 0) {
      held.pop()?.release();
      await Promise.resolve();
    }
  }
  return { steps, end, count: inFlight.count, countTimers };
}

it('never exceeds the limit and ends with nothing left, whatever arrives, disconnects, finishes and times out', async () => {
  const step = fc.tuple(fc.constantFrom('enter', 'enter', 'release', 'leave', 'advance'), fc.nat(30));
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 80 }), async (script) => {
      const { steps, end, count, countTimers } = play();
      for (const [name, nth] of script) {
        steps[name](nth);
        await Promise.resolve();
        const { running, waiting } = count();
        assert.ok(running <= 4 && waiting <= 6);
        assert.equal(countTimers(), waiting, 'a timer for each that waits');
      }
      await end();
      assert.deepEqual(count(), { running: 0, waiting: 0 });
    }),
    { numRuns: 300 },
  );
});
