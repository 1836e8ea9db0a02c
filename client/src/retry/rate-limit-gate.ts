import type { AppflowError } from '../api/errors.ts';
import type { Failure, Outcome } from '../http/transport.ts';
import { type Clock, sleep } from '../runtime/clock.ts';
import type { DrainPace } from './adaptive-backoff.ts';
import { decideWait, type Wait } from './backoff.ts';
import { createGateQueue, enter, type GateQueue, move, type Patience } from './gate-queue.ts';
import { afterAnswer, afterBreak, afterLateRefusal, afterRefusal, isOpen, OPEN } from './gate-state.ts';
import { type Budget, createBudget } from './retry-budget.ts';

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
};

type Parts = { clock: Clock; random: () => number; budget: Budget; queue: GateQueue };

const GATES_MAX = 1_000;
const gates = new WeakMap<Clock, Record<string, Gate>>();

/** Returns the gate of a key: the same one for every client in this process that uses the key. */
export function findGate(
  { apiKey, baseUrl, clock }: { apiKey: string; baseUrl: string; clock: Clock },
  gateName: GateName,
  random: () => number,
  pace?: DrainPace,
): Gate {
  const ofClock = gates.get(clock) ?? {};
  gates.set(clock, ofClock);
  const name = gateName + apiKey + baseUrl;
  const gate = ofClock[name] ?? createGate(clock, random, pace);
  ofClock[name] = gate;
  return gate;
}

/** Forgets the gates at which nobody waits once there are 1,000, so that a process of many keys does not keep them all. */
export function forgetGates(clock: Clock): void {
  const ofClock = Object.entries(gates.get(clock) ?? {});
  if (ofClock.length < GATES_MAX) return;
  gates.set(clock, Object.fromEntries(ofClock.filter(([, gate]) => !gate.isOpen())));
}

/** Returns a gate that is open. `random` gives numbers from 0 to 1. With a `pace` it learns how much the server takes. */
export function createGate(clock: Clock, random: () => number, pace?: DrainPace): Gate {
  const queue = createGateQueue(clock, { ...OPEN, pace });
  const budget = createBudget(clock.monotonicMs);
  const parts: Parts = { clock, random, queue, budget };
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
    isOpen: () => isOpen(queue.state),
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
    note(parts, era, outcome);
    return outcome;
  } catch (error) {
    if (era === queue.state.era) move(queue, afterBreak(queue.state));
    throw error;
  }
}

/** Opens or closes the gate by what an attempt came to. A failure that concerns one request only is an answer too. */
function note(parts: Parts, era: number, outcome: Outcome<unknown>): void {
  const { queue, clock } = parts;
  const { state } = queue;
  const nowMs = clock.monotonicMs();
  // A request that left before the last refusal says nothing of how it is now.
  const isLate = era !== state.era;
  if (outcome.ok || outcome.retry === 'alone' || outcome.retry === 'never') {
    if (!isLate) move(queue, afterAnswer(state, outcome.room, nowMs));
  } else if (isLate) move(queue, afterLateRefusal(state, nowMs, outcome.error));
  else move(queue, afterRefusal(state, nowMs, outcome.error, decide(parts, outcome, state.baseMs)));
}

/** Decides a wait. A server that limits is alive and says itself when to come back; only trouble is paid for. */
function decide({ random, budget }: Parts, { error, retry }: Failure, previousBaseMs: number): Wait {
  const { retryAfterMs } = error;
  const { baseMs, waitMs } = decideWait({ previousBaseMs, retryAfterMs, random: random() });
  const pauseMs = retry === 'limited' ? 0 : budget.pauseMs();
  if (retry !== 'limited') budget.spend();
  return { baseMs, waitMs: Math.max(waitMs, pauseMs) };
}

/** Waits for a call whose failure concerns nobody else; returns the base of its next wait. Throws when out of patience. */
async function waitAlone(
  parts: Parts,
  failure: Failure,
  previousBaseMs: number,
  { patience, signal }: RunOptions,
): Promise<number> {
  const { baseMs, waitMs } = decide(parts, failure, previousBaseMs);
  const refusal = patience?.(waitMs, failure.error);
  if (refusal) throw refusal;
  await sleep(parts.clock, waitMs, signal);
  return baseMs;
}
