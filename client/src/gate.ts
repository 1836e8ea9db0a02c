import { type Budget, createBudget } from './budget.ts';
import { type Clock, sleep } from './clock.ts';
import type { AppflowError } from './errors.ts';
import { createGateQueue, enter, type GateQueue, move, type Patience, waitMsOf } from './gate-queue.ts';
import { afterAnswer, afterBreak, afterRefusal } from './gate-state.ts';
import type { Failure, Outcome } from './transport.ts';
import { decideWait } from './wait.ts';

/** The groups of operations that the server limits together. */
export type Category = 'events' | 'analytics' | 'management';

/** What a gate stands before: a category, or the streams, whose number has a limit of its own. */
export type GateName = Category | 'streams';

/** How a call passes a gate. Without `patience` it waits as long as it takes. */
export type RunOptions = {
  signal?: AbortSignal | undefined;
  patience?: Patience;
  /** Told of each failure after which the call is tried again. */
  onRetry?: (error: AppflowError) => void;
};

/** What all calls of one key in one category (or its streams) pass, so that they wait together instead of each on its own. */
export type Gate = {
  /** Makes attempts until one succeeds or another would not help. Throws AppflowError, or the signal's reason. */
  run: <T>(attempt: () => Promise<Outcome<T>>, options?: RunOptions) => Promise<T>;
  /** Whether a request may leave now. */
  isOpen: () => boolean;
  /** How long it stays closed, in milliseconds, and what closed it last. */
  wait: () => { waitMs: number; error: AppflowError | undefined };
};

type Parts = {
  clock: Clock;
  random: () => number;
  budget: Budget;
  queue: GateQueue;
  lastError: AppflowError | undefined;
};

const GATES_MAX = 1_000;
const gates = new WeakMap<Clock, Record<string, Gate>>();

/** Returns the gate of a key: the same one for every client in this process that uses the key. */
export function findGate(
  { apiKey, baseUrl, clock }: { apiKey: string; baseUrl: string; clock: Clock },
  gateName: GateName,
  random: () => number,
): Gate {
  const ofClock = gates.get(clock) ?? {};
  gates.set(clock, ofClock);
  const name = gateName + apiKey + baseUrl;
  const gate = ofClock[name] ?? createGate(clock, random);
  ofClock[name] = gate;
  return gate;
}

/** Forgets the gates at which nobody waits once there are 1,000, so that a process of many keys does not keep them all. */
export function forgetGates(clock: Clock): void {
  const ofClock = Object.entries(gates.get(clock) ?? {});
  if (ofClock.length < GATES_MAX) return;
  gates.set(clock, Object.fromEntries(ofClock.filter(([, gate]) => !gate.isOpen())));
}

/** Returns a gate that is open. `random` gives numbers from 0 to 1. */
export function createGate(clock: Clock, random: () => number): Gate {
  const queue = createGateQueue(clock);
  const budget = createBudget(clock.monotonicMs);
  const parts: Parts = { clock, random, queue, budget, lastError: undefined };
  return {
    async run(attempt, options = {}) {
      let aloneMs = 0;
      budget.earn();
      for (;;) {
        const outcome = await attemptOnce(
          parts,
          attempt,
          await enter(queue, options.patience, options.signal),
        );
        if (outcome.ok) return outcome.value;
        if (outcome.retry === 'never') throw outcome.error;
        options.onRetry?.(outcome.error);
        if (outcome.retry === 'alone') aloneMs = await waitAlone(parts, outcome, aloneMs, options);
      }
    },
    isOpen: () => queue.state.phase === 'open',
    wait: () => ({ waitMs: waitMsOf(queue), error: parts.lastError }),
  };
}

async function attemptOnce<T>(
  parts: Parts,
  attempt: () => Promise<Outcome<T>>,
  era: number,
): Promise<Outcome<T>> {
  const { queue } = parts;
  try {
    const outcome = await attempt();
    if (!outcome.ok) parts.lastError = outcome.error;
    note(parts, era, outcome);
    return outcome;
  } catch (error) {
    const { state, letGo } = afterBreak(queue.state, era);
    move(queue, state, letGo);
    throw error;
  }
}

/** Opens or closes the gate by what an attempt came to. A failure that concerns one request only is an answer too. */
function note({ queue, clock, random, budget }: Parts, era: number, outcome: Outcome<unknown>): void {
  if (outcome.ok || outcome.retry === 'alone' || outcome.retry === 'never') {
    const room = outcome.ok ? outcome.room : undefined;
    const { state, letGo } = afterAnswer(queue.state, era, room, clock.monotonicMs());
    move(queue, state, letGo);
    return;
  }
  // A server that limits is alive and says itself when to come back; only trouble is paid for, once for all.
  let pauseMs = 0;
  if (outcome.retry === 'trouble' && era === queue.state.era) {
    pauseMs = budget.pauseMs();
    budget.spend();
  }
  const refusal = {
    nowMs: clock.monotonicMs(),
    retryAfterMs: outcome.error.retryAfterMs,
    pauseMs,
    random: random(),
  };
  move(queue, afterRefusal(queue.state, era, refusal));
}

/** Waits for a call whose failure concerns nobody else; returns the base of its next wait. Throws when out of patience. */
async function waitAlone(
  { clock, random, budget }: Parts,
  { error: { retryAfterMs } }: Failure,
  previousBaseMs: number,
  { patience, signal }: RunOptions,
): Promise<number> {
  const { baseMs, waitMs } = decideWait({ previousBaseMs, retryAfterMs, random: random() });
  const allMs = Math.max(waitMs, budget.pauseMs());
  const error = patience?.(allMs);
  if (error) throw error;
  budget.spend();
  await sleep(clock, allMs, signal);
  return baseMs;
}
