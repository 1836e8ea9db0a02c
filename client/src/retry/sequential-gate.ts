import type { Outcome } from '../http/transport.ts';
import { type Clock, sleep } from '../runtime/clock.ts';
import { decideRetry, type RateLimitGate } from './gate.ts';
import { createRetryBudget } from './retry-budget.ts';

/**
 * Returns a gate that lets one request pass at a time. A tracker needs no more, and it is a third of the code of
 * rate-limit-gate.ts: the request after a failure is the probe, and the others wait behind it.
 */
export function createSequentialGate(clock: Clock, random: () => number): RateLimitGate {
  const budget = createRetryBudget(clock.monotonicMs);
  let opensAtMs = 0;
  let lastBaseMs = 0;
  let last: Promise<unknown> = Promise.resolve();

  async function pass<T>(attempt: () => Promise<Outcome<T>>, signal?: AbortSignal): Promise<Outcome<T>> {
    const waitMs = opensAtMs - clock.monotonicMs();
    // Rounded up: a timer that fires early would send before the wait is over.
    if (waitMs > 0) await sleep(clock, Math.ceil(waitMs), signal);
    const outcome = await attempt();
    if (outcome.ok || outcome.retry === 'never') lastBaseMs = 0;
    else {
      const { baseMs, delayMs } = decideRetry(outcome, lastBaseMs, random(), budget);
      lastBaseMs = baseMs;
      opensAtMs = clock.monotonicMs() + delayMs;
    }
    return outcome;
  }

  return {
    async run(attempt, { signal, onRetry } = {}) {
      budget.earn();
      for (;;) {
        const turn = last.then(() => pass(attempt, signal));
        last = turn.catch(() => undefined);
        const outcome = await turn;
        if (outcome.ok) return outcome.value;
        if (outcome.retry === 'never') throw outcome.error;
        onRetry?.(outcome.error);
      }
    },
    isOpen: () => lastBaseMs === 0,
  };
}
