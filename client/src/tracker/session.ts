/** A time of use without a long pause. Times are epoch milliseconds. */
export type Session = { id: string; startedAtMs: number; lastAtMs: number };

/** So long without an event, and the next one begins another session. */
export const SESSION_GAP_MS = 30 * 60_000;

/** Whether an event at `nowMs` still belongs to the session. A clock that was set back ends none. */
export function goesOn(session: Session, nowMs: number): boolean {
  return nowMs - session.lastAtMs < SESSION_GAP_MS;
}
