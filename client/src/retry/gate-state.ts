import type { AppflowError } from '../api/errors.ts';
import type { Remaining } from '../http/limit-headers.ts';
import type { AdaptiveBackoff } from './adaptive-backoff.ts';
import type { Backoff } from './backoff.ts';

/**
 * The state of a gate. An open gate lets every request through. A rejection closes it for a while; then a single request, the
 * probe, is sent. If it succeeds, the waiting calls follow in order, as many as there is quota for.
 */
export type GateState = {
  /** How many requests may be sent; Infinity while the gate is open. */
  readonly remaining: number;
  /** Monotonic milliseconds before which nothing is sent. In the past while the gate is open. */
  readonly opensAtMs: number;
  /** Requests of this generation that are in flight. */
  readonly inFlight: number;
  /** Counts rejections: a request sent before the last one says nothing about the current limit. */
  readonly generation: number;
  /** The last backoff without its jitter; 0 after a success. */
  readonly baseMs: number;
  /** What closed the gate; undefined after a success. */
  readonly error: AppflowError | undefined;
  /** Undefined for callers that send sequentially: their gate opens between requests, so nothing can be measured. */
  readonly adaptive: AdaptiveBackoff | undefined;
};

/** The state of a gate without rejections. */
export const OPEN_STATE: GateState = {
  remaining: Number.POSITIVE_INFINITY,
  opensAtMs: 0,
  inFlight: 0,
  generation: 0,
  baseMs: 0,
  error: undefined,
  adaptive: undefined,
};

/** Whether every request may be sent. */
export const isOpen = ({ remaining }: GateState): boolean => remaining === OPEN_STATE.remaining;

/** Whether a gate without waiting calls may open: the last request succeeded and nothing is in flight. */
export const isIdle = ({ baseMs, inFlight, opensAtMs }: GateState, nowMs: number): boolean =>
  baseMs + inFlight === 0 && opensAtMs <= nowMs;

/** Returns the state after a request was sent. */
export function afterSend(state: GateState, nowMs: number): GateState {
  const opensAtMs = nowMs + (state.adaptive?.pauseMs ?? 0);
  return { ...state, opensAtMs, inFlight: state.inFlight + 1, remaining: state.remaining - 1 };
}

/** Returns the state after a request was aborted: nothing was learned, so the next call in the queue replaces it. */
export function afterAbort(state: GateState): GateState {
  const inFlight = state.inFlight - 1;
  return { ...state, inFlight, remaining: Math.max(inFlight === 0 ? 1 : 0, state.remaining) };
}

/**
 * Returns the state after a response: calls are sent one at a time, or as many as `remaining` allows. If it reports none, the
 * next one is sent after its reset.
 */
export function afterResponse(state: GateState, remaining: Remaining | undefined, nowMs: number): GateState {
  const next = afterAbort(state);
  if (isOpen(state)) return next;
  const { requests = 1, resetMs = 0 } = remaining ?? {};
  // Requests in flight will use part of the quota.
  const unused = Math.max(next.inFlight === 0 ? 1 : 0, requests - next.inFlight);
  const adaptive = state.adaptive?.afterResponse(remaining?.requests);
  // The measured pause is more precise than the header's whole seconds.
  const waitsForReset = requests === 0 && !adaptive?.pauseMs;
  const opensAtMs = waitsForReset ? nowMs + resetMs : state.opensAtMs;
  return { ...next, opensAtMs, baseMs: 0, error: undefined, adaptive, remaining: unused };
}

/** Returns the state after a rejection, which closes the gate for `backoff`. */
export function afterRejection(
  state: GateState,
  nowMs: number,
  error: AppflowError,
  { baseMs, delayMs }: Backoff,
): GateState {
  const adaptive = state.adaptive?.afterRejection(nowMs, error.retryAfterMs);
  return {
    remaining: 1,
    opensAtMs: nowMs + delayMs,
    inFlight: 0,
    generation: state.generation + 1,
    baseMs,
    error,
    adaptive,
  };
}

/**
 * Returns the state after a rejection of a request that was sent before the last rejection. Requests rejected together count
 * as one rejection, so the backoff doubles once; but the server may have asked for a longer wait.
 */
export function afterLateRejection(
  state: GateState,
  nowMs: number,
  { retryAfterMs = 0 }: AppflowError,
): GateState {
  const untilMs = state.baseMs === 0 ? 0 : nowMs + retryAfterMs;
  return { ...state, opensAtMs: Math.max(state.opensAtMs, untilMs) };
}
