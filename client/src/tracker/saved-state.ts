import type { TrackedEvent } from './queue.ts';

/** Who uses the app on this device: another object whenever the app says so. */
export type Identity = { anonymousId: string; userId: string | null };

/** What outlives the process, in one piece. */
export type Saved = {
  who: Identity;
  session: Session | null;
  queue: readonly TrackedEvent[];
};

/** Returns what was saved; undefined for what no tracker wrote. */
export function parseSaved(text: string | null | undefined): Saved | undefined {
  try {
    const saved = JSON.parse(text ?? '') as Partial<Saved> | null;
    return saved?.who && Array.isArray(saved.queue) ? (saved as Saved) : undefined;
  } catch {
    return undefined;
  }
}

/** Returns several savings as one: who it is from the last, and the events of all, each once. Undefined without any. */
export function joinSaved(texts: readonly string[]): string | undefined {
  const all = texts.map(parseSaved).filter((saved) => saved !== undefined);
  const last = all.at(-1);
  if (last === undefined) return undefined;
  const events = all.flatMap(({ queue }) => queue).map((event) => [event.event_id, event] as const);
  return JSON.stringify({ ...last, queue: [...new Map(events).values()] });
}

/** A time of use without a long pause. Times are epoch milliseconds. */
export type Session = { id: string; startedAtMs: number; lastAtMs: number };

/** So long without an event, and the next one begins another session. */
export const SESSION_GAP_MS = 30 * 60_000;

/** Whether an event at `nowMs` still belongs to the session. A clock that was set back ends none. */
export function goesOn(session: Session, nowMs: number): boolean {
  return nowMs - session.lastAtMs < SESSION_GAP_MS;
}
