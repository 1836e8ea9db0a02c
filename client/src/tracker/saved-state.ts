import type { TrackedEvent } from './queue.ts';

/** The user of the app on this device, or that they opted out: a new object whenever the app changes it. */
export type Identity = { anonymousId: string; userId: string | null; isOptedOut?: boolean };

/** A period of use without a long pause. Times are epoch milliseconds. */
export type Session = { id: string; startedAtMs: number; lastAtMs: number };

/** What is persisted, as one JSON item. The names are those of the stored format. */
export type SavedState = {
  who: Identity;
  session: Session | null;
  queue: readonly TrackedEvent[];
};

/** After this long without an event, the next one starts a new session. */
const SESSION_TIMEOUT_MS = 30 * 60_000;

/** Whether an event at `nowMs` still belongs to the session. A clock that was set back ends no session. */
export function isActive(session: Pick<Session, 'lastAtMs'>, nowMs: number): boolean {
  return nowMs - session.lastAtMs < SESSION_TIMEOUT_MS;
}

/** Returns the saved state; undefined for text that no tracker wrote. */
export function parseSavedState(text: string | null | undefined): SavedState | undefined {
  try {
    const saved = JSON.parse(text ?? '') as Partial<SavedState> | null;
    return saved?.who && Array.isArray(saved.queue) ? (saved as SavedState) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Merges saved states: identity and session of the last one, the events of all, each once. One that opted out applies to all.
 * Undefined if there are none.
 */
export function mergeSavedStates(texts: readonly string[]): string | undefined {
  const states = texts.map(parseSavedState).filter((state) => state !== undefined);
  const last = states.find(({ who }) => who.isOptedOut) ?? states.at(-1);
  if (last === undefined) return undefined;
  if (last.who.isOptedOut) return JSON.stringify(last);
  const events = states.flatMap(({ queue }) => queue).map((event) => [event.event_id, event] as const);
  return JSON.stringify({ ...last, queue: [...new Map(events).values()] });
}
