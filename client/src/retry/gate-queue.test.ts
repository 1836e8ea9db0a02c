import assert from 'node:assert/strict';
import { it } from 'node:test';
import { makeManualClock } from '../../../test/client/scripted-server.ts';
import { AppflowError } from '../api/errors.ts';
import type { Outcome } from '../http/transport.ts';
import type { BeforeWait } from './gate.ts';
import { createGate } from './rate-limit-gate.ts';

const limited = (): Outcome<string> => ({
  ok: false,
  retry: 'limited',
  error: new AppflowError('Wait.', { code: 'rate_limited', status: 429, retryAfterMs: 1_000 }),
});

/** Resolves when everything that needs no time has happened. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

// Regression: a call removed twice also removed the last one, which then waited forever.
it('a call ended while beforeWait of another runs does not remove a third call', async () => {
  const clock = makeManualClock();
  const gate = createGate(clock, () => 0);
  const stop = new AbortController();
  let attempts = 0;
  let lateCalls = 0;
  const attempt = async (): Promise<Outcome<string>> => {
    attempts += 1;
    return attempts <= 5 ? limited() : { ok: true, value: 'done', remaining: undefined };
  };
  const stopThird: BeforeWait = () => {
    if (attempts === 5) stop.abort(new Error('Enough.'));
    return undefined;
  };
  const count: BeforeWait = () => {
    if (stop.signal.aborted) lateCalls += 1;
    return stop.signal.aborted ? new Error('Should not be called.') : undefined;
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
  const outcomes = (await results).map((each) =>
    each.status === 'fulfilled' ? each.value : each.reason.message,
  );
  assert.deepEqual(outcomes, ['done', 'done', 'Enough.', 'done']);
  assert.equal(lateCalls, 0, 'beforeWait is not called for an ended call');
});

it('an aborted probe leaves the gate closed: the next caller becomes the probe', async () => {
  const clock = makeManualClock();
  const gate = createGate(clock, () => 0);
  const stop = new AbortController();
  await assert.rejects(gate.run(async () => limited(), { beforeWait: () => new Error('Will not wait.') }));
  clock.advance(1_000);
  const probe = gate.run(
    () => new Promise((_, reject) => stop.signal.addEventListener('abort', () => reject(stop.signal.reason))),
  );
  await settle();
  stop.abort(new Error('Enough.'));
  await assert.rejects(probe, /Enough/);
  assert.equal(gate.isOpen(), false);
  let inFlight = 0;
  const responses: (() => void)[] = [];
  const calls = [1, 2, 3].map(() =>
    gate.run(async () => {
      inFlight += 1;
      await new Promise<void>((resolve) => responses.push(resolve));
      return { ok: true, value: 1, remaining: undefined };
    }),
  );
  await settle();
  assert.equal(inFlight, 1);
  for (let n = 0; n < 3; n += 1) {
    responses[n]?.();
    await settle();
  }
  await Promise.all(calls);
  assert.equal(gate.isOpen(), true);
});
