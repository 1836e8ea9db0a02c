import type { AppflowError } from '../api/errors.ts';
import type { Failure, Outcome } from '../http/transport.ts';
import { type Clock, sleep } from '../runtime/clock.ts';
import type { AdaptiveBackoff } from './adaptive-backoff.ts';
import { type Backoff, decideBackoff } from './backoff.ts';
import { type BeforeWait, createGateQueue, type GateQueue, setState, waitForTurn } from './gate-queue.ts';
import {
  afterAbort,
  afterLateRejection,
  afterRejection,
  afterResponse,
  isOpen,
  OPEN_STATE,
} from './gate-state.ts';
import { createRetryBudget, type RetryBudget } from './retry-budget.ts';

/** The groups of operations that share a rate limit on the server. */
export type Category = 'events' | 'analytics' | 'management';

/** What a gate is for: a category, or streams, which have a limit of their own. */
export type GateName = Category | 'streams';

/** How a call passes a gate. Without `beforeWait` it waits as long as necessary. */
export type RunOptions = {
  signal?: AbortSignal | undefined;
  beforeWait?: BeforeWait;
  /** Called for each failure that is retried. */
  onRetry?: (error: AppflowError) => void;
};

/** One per key and category (or streams): its calls share a backoff instead of each retrying on its own. */
export type RateLimitGate = {
  /** Makes attempts until one succeeds or a retry would not help. Throws AppflowError, or the signal's reason. */
  run: <T>(attempt: () => Promise<Outcome<T>>, options?: RunOptions) => Promise<T>;
  /** Whether a request may be sent now. */
  isOpen: () => boolean;
};

type Parts = { clock: Clock; random: () => number; budget: RetryBudget; queue: GateQueue };

const GATES_MAX = 1_000;
const gatesByClock = new WeakMap<Clock, Record<string, RateLimitGate>>();

/** Returns the gate of a key, created on first use and shared by all clients in this process that use the key. */
export function getGate(
  { apiKey, baseUrl, clock }: { apiKey: string; baseUrl: string; clock: Clock },
  gateName: GateName,
  random: () => number,
  adaptive?: AdaptiveBackoff,
): RateLimitGate {
  const gates = gatesByClock.get(clock) ?? {};
  gatesByClock.set(clock, gates);
  const name = gateName + apiKey + baseUrl;
  gates[name] ??= createGate(clock, random, adaptive);
  return gates[name];
}

/** Drops the open gates once there are 1,000, so that a process with many keys does not keep them all. */
export function dropOpenGates(clock: Clock): void {
  const gates = Object.entries(gatesByClock.get(clock) ?? {});
  if (gates.length < GATES_MAX) return;
  gatesByClock.set(clock, Object.fromEntries(gates.filter(([, gate]) => !gate.isOpen())));
}

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

/** Decides a backoff. A server that rate-limits is healthy and says when to retry; only other failures use the budget. */
function decide({ random, budget }: Parts, { error, retry }: Failure, previousBaseMs: number): Backoff {
  const { retryAfterMs } = error;
  const backoff = decideBackoff({ previousBaseMs, retryAfterMs, random: random() });
  if (retry === 'limited') return backoff;
  return { ...backoff, delayMs: Math.max(backoff.delayMs, budget.spend()) };
}

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
