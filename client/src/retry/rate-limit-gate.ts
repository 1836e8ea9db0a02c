import type { Failure, Outcome } from '../http/transport.ts';
import { type Clock, sleep } from '../runtime/clock.ts';
import type { AdaptiveBackoff } from './adaptive-backoff.ts';
import type { Backoff } from './backoff.ts';
import { decideRetry, type RateLimitGate, type RunOptions } from './gate.ts';
import { createGateQueue, type GateQueue, setState, waitForTurn } from './gate-queue.ts';
import {
  afterAbort,
  afterLateRejection,
  afterRejection,
  afterResponse,
  isOpen,
  OPEN_STATE,
} from './gate-state.ts';
import { createRetryBudget, type RetryBudget } from './retry-budget.ts';

type Parts = { clock: Clock; random: () => number; budget: RetryBudget; queue: GateQueue };

/** Returns an open gate. `random` returns numbers from 0 to 1. With `adaptive`, it learns the server's rate. */
export function createGate(clock: Clock, random: () => number, adaptive?: AdaptiveBackoff): RateLimitGate {
  const queue = createGateQueue(clock, { ...OPEN_STATE, adaptive });
  const budget = createRetryBudget(clock.monotonicMs);
  const parts: Parts = { clock, random, queue, budget };
  return {
    async run(attempt, options = {}) {
      let baseMs = 0;
      budget.earn();
      for (;;) {
        const generation = await waitForTurn(queue, options.beforeWait, options.signal);
        const outcome = await attemptOnce(parts, attempt, generation);
        if (outcome.ok) return outcome.value;
        if (outcome.retry === 'never') throw outcome.error;
        options.onRetry?.(outcome.error);
        if (outcome.retry === 'single') baseMs = await backOffSingle(parts, outcome, baseMs, options);
      }
    },
    isOpen: () => isOpen(queue.state),
  };
}

async function attemptOnce<T>(
  parts: Parts,
  attempt: () => Promise<Outcome<T>>,
  generation: number,
): Promise<Outcome<T>> {
  const { queue } = parts;
  try {
    const outcome = await attempt();
    updateGate(parts, generation, outcome);
    return outcome;
  } catch (error) {
    if (generation === queue.state.generation) setState(queue, afterAbort(queue.state));
    throw error;
  }
}

/** Opens or closes the gate after an attempt. A failure of one request only counts as a response. */
function updateGate(parts: Parts, generation: number, outcome: Outcome<unknown>): void {
  const { queue, clock } = parts;
  const { state } = queue;
  const nowMs = clock.monotonicMs();
  // A request sent before the last rejection says nothing about the current limit.
  const isLate = generation !== state.generation;
  if (outcome.ok || outcome.retry === 'single' || outcome.retry === 'never') {
    if (!isLate) setState(queue, afterResponse(state, outcome.remaining, nowMs));
  } else if (isLate) setState(queue, afterLateRejection(state, nowMs, outcome.error));
  else setState(queue, afterRejection(state, nowMs, outcome.error, decide(parts, outcome, state.baseMs)));
}

const decide = ({ random, budget }: Parts, failure: Failure, previousBaseMs: number): Backoff =>
  decideRetry(failure, previousBaseMs, random(), budget);

/** Backs off for a failure that affects this call only; returns its next `previousBaseMs`. Throws what `beforeWait` returns. */
async function backOffSingle(
  parts: Parts,
  failure: Failure,
  previousBaseMs: number,
  { beforeWait, signal }: RunOptions,
): Promise<number> {
  const { baseMs, delayMs } = decide(parts, failure, previousBaseMs);
  const refusal = beforeWait?.(delayMs, failure.error);
  if (refusal) throw refusal;
  await sleep(parts.clock, delayMs, signal);
  return baseMs;
}
