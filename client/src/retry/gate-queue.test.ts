import assert from 'node:assert/strict';
import { it } from 'node:test';
import { makeManualClock } from '../../../test/scripted-server.ts';
import { AppflowError } from '../api/errors.ts';
import type { Outcome } from '../http/transport.ts';
import type { BeforeWait } from './gate-queue.ts';
import { createGate } from './rate-limit-gate.ts';

const limited = (): Outcome<string> => ({
  ok: false,
  retry: 'limited',
  error: new AppflowError('Wait.', { code: 'rate_limited', status: 429, retryAfterMs: 1_000 }),
});

/** Lets everything happen that needs no time. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

// A call that was taken out twice took the last one with it: that one waited for ever.
it('a call ended while another is asked for its patience takes no third one with it', async () => {
  const clock = makeManualClock();
  const gate = createGate(clock, () => 0);
  const stop = new AbortController();
  let attempts = 0;
  let asked = 0;
  const attempt = async (): Promise<Outcome<string>> => {
    attempts += 1;
    return attempts <= 5 ? limited() : { ok: true, value: 'done', remaining: undefined };
  };
  const stopThird: BeforeWait = () => {
    if (attempts === 5) stop.abort(new Error('Enough.'));
    return undefined;
  };
  const count: BeforeWait = () => {
    if (stop.signal.aborted) asked += 1;
    return stop.signal.aborted ? new Error('Asked in vain.') : undefined;
  };
  const calls = [
    gate.run(attempt),
    gate.run(attempt, { beforeWait: stopThird }),
    gate.run(attempt, { beforeWait: count, signal: stop.signal }),
    gate.run(attempt),
  ];
  const results = Promise.allSettled(calls);
  for (let turn = 0; turn < 6; turn += 1) {
    await settle();
    clock.fireNext();
  }
  await settle();
  assert.equal(clock.pending(), 0);
  const told = (await results).map((each) =>
    each.status === 'fulfilled' ? each.value : each.reason.message,
  );
  assert.deepEqual(told, ['done', 'done', 'Enough.', 'done']);
  assert.equal(asked, 0, 'whoever is gone is not asked');
});

it('a probe that is broken off leaves the gate closed: the next caller is the probe', async () => {
  const clock = makeManualClock();
  const gate = createGate(clock, () => 0);
  const stop = new AbortController();
  await assert.rejects(gate.run(async () => limited(), { beforeWait: () => new Error('No patience.') }));
  clock.advance(1_000);
  const probe = gate.run(
    () => new Promise((_, reject) => stop.signal.addEventListener('abort', () => reject(stop.signal.reason))),
  );
  await settle();
  stop.abort(new Error('Enough.'));
  await assert.rejects(probe, /Enough/);
  assert.equal(gate.isOpen(), false);
  let onTheirWay = 0;
  const answers: (() => void)[] = [];
  const calls = [1, 2, 3].map(() =>
    gate.run(async () => {
      onTheirWay += 1;
      await new Promise<void>((resolve) => answers.push(resolve));
      return { ok: true, value: 1, remaining: undefined };
    }),
  );
  await settle();
  assert.equal(onTheirWay, 1);
  for (let n = 0; n < 3; n += 1) {
    answers[n]?.();
    await settle();
  }
  await Promise.all(calls);
  assert.equal(gate.isOpen(), true);
});
