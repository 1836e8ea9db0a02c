import type { Room } from './rate-limit.ts';
import { decideWait } from './wait.ts';

/**
 * Where a gate stands. `open`: everyone passes. `closed` until a time; then one probe (`probing`); when that succeeds,
 * those who wait follow in order (`draining`), and when none is left the gate is open.
 */
export type GateState = {
  readonly phase: 'open' | 'closed' | 'probing' | 'draining';
  /** Counts closings: a request that left before the last one says nothing of how it is now. */
  readonly era: number;
  /** Monotonic milliseconds; of meaning while closed. */
  readonly opensAtMs: number;
  /** The last wait without its jitter; 0 after a success. */
  readonly baseMs: number;
  /** Requests of this era that are on their way. */
  readonly inFlight: number;
};

/** A gate nobody was refused at. */
export const OPEN: GateState = { phase: 'open', era: 0, opensAtMs: 0, baseMs: 0, inFlight: 0 };

/** A refusal: when, what the server asked for, and the pause that a spent budget adds. */
export type Refusal = { nowMs: number; retryAfterMs: number | undefined; pauseMs: number; random: number };

/**
 * Returns the state after the answer to a request of `era`, and how many of those who wait may leave now: one, or as
 * many as there is `room` for. When the server says that there is none, the next one leaves when there is.
 */
export function afterAnswer(
  state: GateState,
  era: number,
  room: Room | undefined,
  nowMs: number,
): { state: GateState; letGo: number } {
  if (era !== state.era) return { state, letGo: 0 };
  const after: GateState = { ...state, baseMs: 0, inFlight: state.inFlight - 1 };
  if (state.phase === 'open') return { state: after, letGo: 0 };
  const { requests = 1, resetMs = 0 } = room ?? {};
  if (after.inFlight === 0 && requests === 0) {
    return { state: { ...after, phase: 'closed', opensAtMs: nowMs + resetMs }, letGo: 0 };
  }
  // The server counted the room before it saw those still on their way: they take of it.
  return { state: { ...after, phase: 'draining' }, letGo: Math.max(0, requests - after.inFlight) };
}

/** Returns the state after a refusal of a request of `era`. Many refused together are one refusal: the wait doubles once. */
export function afterRefusal(state: GateState, era: number, refusal: Refusal): GateState {
  const { nowMs, retryAfterMs, pauseMs, random } = refusal;
  if (era !== state.era) {
    // No further refusal, but the server may have told a longer wait.
    const opensAtMs = Math.max(state.opensAtMs, nowMs + (retryAfterMs ?? 0));
    return state.phase === 'closed' ? { ...state, opensAtMs } : state;
  }
  const { baseMs, waitMs } = decideWait({ previousBaseMs: state.baseMs, retryAfterMs, random });
  const opensAtMs = nowMs + Math.max(waitMs, pauseMs);
  return { phase: 'closed', era: era + 1, opensAtMs, baseMs, inFlight: 0 };
}

/** Returns the state after a request of `era` was broken off: it tells nothing, the next in the queue takes its place. */
export function afterBreak(state: GateState, era: number): { state: GateState; letGo: number } {
  if (era !== state.era) return { state, letGo: 0 };
  const inFlight = state.inFlight - 1;
  const phase = state.phase === 'probing' ? 'closed' : state.phase;
  return { state: { ...state, phase, inFlight }, letGo: phase === 'draining' && inFlight === 0 ? 1 : 0 };
}
