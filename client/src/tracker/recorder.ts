import type { EventContext } from '../api/events.ts';
import { SDK } from '../http/transport.ts';
import { createId } from '../runtime/id.ts';
import type { Queue } from './queue.ts';
import { type Identity, isActive, type SavedState, type Session } from './saved-state.ts';

/** Called with how many events were dropped and why. */
export type OnDrop = (count: number, reason: string) => void;

/** Turns the app's calls into events. All times are epoch milliseconds. */
export type Recorder = {
  track: (name: string, properties: Record<string, unknown> | undefined, atMs: number) => void;
  identify: (appUserId: string, atMs: number) => void;
  setContext: (context: EventContext) => void;
  reset: (atMs: number) => void;
  endSession: (atMs: number) => void;
  restore: (saved: SavedState | undefined) => void;
  state: () => SavedState;
};

const EVENT_NAME = /^[a-z][a-z0-9_]{0,63}$/;

/** Returns a recorder that adds to the queue. */
export function createRecorder(queue: Queue, context: EventContext, onDrop: OnDrop, nowMs: number): Recorder {
  let who = createIdentity(nowMs);
  let session: Session | null = null;
  let fullContext: EventContext = { sdk: SDK, ...context };

  function add(name: string, atMs: number, sessionId: string, properties?: Record<string, unknown>): void {
    const ids = { event_id: createId(atMs), event_name: name, app_user_id: who.userId ?? who.anonymousId };
    const timestamp = new Date(atMs).toISOString();
    const event = { ...ids, session_id: sessionId, timestamp, context: fullContext };
    const excess = queue.add(properties === undefined ? event : { ...event, properties });
    if (excess > 0) onDrop(excess, 'queue_full');
  }

  function endSession(): void {
    if (!session) return;
    const { id, startedAtMs, lastAtMs } = session;
    session = null;
    add('session_end', lastAtMs, id, { duration_ms: Math.max(0, lastAtMs - startedAtMs) });
  }

  function addToSession(name: string, atMs: number, properties?: Record<string, unknown>): void {
    if (session && !isActive(session, atMs)) endSession();
    if (!session) {
      session = { id: `s_${createId(atMs)}`, startedAtMs: atMs, lastAtMs: atMs };
      add('session_start', atMs, session.id);
    }
    session = { ...session, lastAtMs: atMs };
    add(name, atMs, session.id, properties);
  }

  return {
    track(name, properties, atMs) {
      if (typeof name !== 'string' || !EVENT_NAME.test(name)) onDrop(1, 'invalid_event_name');
      else addToSession(name, atMs, properties);
    },
    identify(appUserId, atMs) {
      if (!isAppUserId(appUserId)) return onDrop(1, 'invalid_app_user_id');
      if (appUserId === who.userId) return;
      // A second user on the same device gets a new anonymous ID: the first user's history is not theirs.
      const { anonymousId } = who.userId === null ? who : createIdentity(atMs);
      who = { anonymousId, userId: appUserId };
      addToSession('$identify', atMs, { anonymous_id: anonymousId });
    },
    setContext(changes) {
      fullContext = { ...fullContext, ...changes };
    },
    reset(atMs) {
      endSession();
      who = createIdentity(atMs);
    },
    endSession,
    restore(saved) {
      if (!saved) return;
      who = saved.who;
      session = saved.session ?? null;
      const excess = queue.restore(saved.queue);
      if (excess > 0) onDrop(excess, 'queue_full');
    },
    state: () => ({ who, session, queue: queue.list() }),
  };
}

const createIdentity = (nowMs: number): Identity => ({
  anonymousId: `anon_${createId(nowMs)}`,
  userId: null,
});

/** What programs print when they have no ID, and the UUID that iOS gives every device that denies tracking. */
const PLACEHOLDER =
  /^\s*(|n(ull|il|one|an)|un(defined|known)|anonymous|guest|user|test|0|-1|\[object object\]|true|false|[0-]{32,36})\s*$/i;

/** Whether the server would accept this as a user ID; the server's length limit counts bytes. */
export function isAppUserId(value: unknown): value is string {
  return typeof value === 'string' && value.length <= 256 && !PLACEHOLDER.test(value);
}
