import type { AppflowError } from '../api/errors.ts';
import type { Room } from '../http/limit-headers.ts';
import type { DrainPace } from './adaptive-backoff.ts';
import type { Wait } from './backoff.ts';

/**
 * Where a gate stands. Open, it lets everyone pass. A refusal closes it until a time; then one leaves, the probe, and when
 * that succeeds those who wait follow in turn, as many as there is room for.
 */
export type GateState = {
  /** How many may leave; Infinity while the gate is open. */
  readonly room: number;
  /** Monotonic milliseconds: nobody leaves before. In the past while the gate is open. */
  readonly opensAtMs: number;
  /** Requests of this era that are on their way. */
  readonly inFlight: number;
  /** Counts refusals: a request that left before the last one says nothing of how it is now. */
  readonly era: number;
  /** The last wait without its jitter; 0 after a success. */
  readonly baseMs: number;
  /** What closed the gate; undefined after a success. */
  readonly error: AppflowError | undefined;
  /** Not for those who send one after the other anyway: their gate opens in between, and nothing is learned. */
  readonly pace: DrainPace | undefined;
};

/** A gate nobody was refused at. */
export const OPEN: GateState = {
  room: Number.POSITIVE_INFINITY,
  opensAtMs: 0,
  inFlight: 0,
  era: 0,
  baseMs: 0,
  error: undefined,
  pace: undefined,
};

/** Whether everyone passes. */
export const isOpen = ({ room }: GateState): boolean => room === OPEN.room;

/** Whether a gate at which nobody waits may open: what was sent last succeeded, and nothing is on its way. */
export const isIdle = ({ baseMs, inFlight, opensAtMs }: GateState, nowMs: number): boolean =>
  baseMs + inFlight === 0 && opensAtMs <= nowMs;

/** Returns the state after a request left. */
export function afterLeaving(state: GateState, nowMs: number): GateState {
  const opensAtMs = nowMs + (state.pace?.pauseMs ?? 0);
  return { ...state, opensAtMs, inFlight: state.inFlight + 1, room: state.room - 1 };
}

/** Returns the state after a request was broken off: it tells nothing, the next in the queue takes its place. */
export function afterBreak(state: GateState): GateState {
  const inFlight = state.inFlight - 1;
  return { ...state, inFlight, room: Math.max(inFlight === 0 ? 1 : 0, state.room) };
}

/**
 * Returns the state after an answer: one after the other may leave, or as many as there is `room` for. When the server says
 * that there is none, the next one leaves when there is.
 */
export function afterAnswer(state: GateState, room: Room | undefined, nowMs: number): GateState {
  const after = afterBreak(state);
  if (isOpen(state)) return after;
  const { requests = 1, resetMs = 0 } = room ?? {};
  // Those still on their way take of the room.
  const left = Math.max(after.inFlight === 0 ? 1 : 0, requests - after.inFlight);
  const pace = state.pace?.afterAnswer(room?.requests);
  // A pace tells better than whole seconds when the next one may leave.
  const isUsedUp = requests === 0 && !pace?.pauseMs;
  const opensAtMs = isUsedUp ? nowMs + resetMs : state.opensAtMs;
  return { ...after, opensAtMs, baseMs: 0, error: undefined, pace, room: left };
}

/** Returns the state after a refusal, and the wait that follows from it. */
export function afterRefusal(state: GateState, nowMs: number, error: AppflowError, wait: Wait): GateState {
  const { baseMs, waitMs } = wait;
  const pace = state.pace?.afterRefusal(nowMs, error.retryAfterMs);
  return { room: 1, opensAtMs: nowMs + waitMs, inFlight: 0, era: state.era + 1, baseMs, error, pace };
}

/**
 * Returns the state after a refusal of a request that had left before the last one. Many refused together are one refusal,
 * and the wait doubles once; but the server may have told a longer one.
 */
export function afterLateRefusal(
  state: GateState,
  nowMs: number,
  { retryAfterMs = 0 }: AppflowError,
): GateState {
  const untilMs = state.baseMs === 0 ? 0 : nowMs + retryAfterMs;
  return { ...state, opensAtMs: Math.max(state.opensAtMs, untilMs) };
}
