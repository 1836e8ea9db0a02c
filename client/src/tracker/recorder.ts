import type { EventContext } from '../api/wire.ts';
import { SDK } from '../http/transport.ts';
import { makeId } from '../runtime/id.ts';
import type { Queue } from './queue.ts';
import { goesOn, type Identity, type Saved, type Session } from './saved-state.ts';

/** Called with how many events were dropped and why. */
export type OnDrop = (count: number, reason: string) => void;

/** Makes events of what the app tells. All times are epoch milliseconds. */
export type Recorder = {
  track: (name: string, properties: Record<string, unknown> | undefined, atMs: number) => void;
  identify: (appUserId: string, atMs: number) => void;
  setContext: (context: EventContext) => void;
  reset: (atMs: number) => void;
  endSession: (atMs: number) => void;
  restore: (saved: Saved | undefined) => void;
  save: () => Saved;
};

const EVENT_NAME = /^[a-z][a-z0-9_]{0,63}$/;

/** Returns a recorder that fills the queue. */
export function createRecorder(queue: Queue, context: EventContext, onDrop: OnDrop, nowMs: number): Recorder {
  let who: Identity = { anonymousId: `anon_${makeId(nowMs)}`, userId: null };
  let session: Session | null = null;
  let surroundings: EventContext = { sdk: SDK, ...context };

  function add(name: string, atMs: number, sessionId: string, properties?: Record<string, unknown>): void {
    const identity = { event_id: makeId(atMs), event_name: name, app_user_id: who.userId ?? who.anonymousId };
    const timestamp = new Date(atMs).toISOString();
    const event = { ...identity, session_id: sessionId, timestamp, context: surroundings };
    const excess = queue.add(properties === undefined ? event : { ...event, properties });
    if (excess > 0) onDrop(excess, 'queue_full');
  }

  function endSession(): void {
    if (!session) return;
    const { id, startedAtMs, lastAtMs } = session;
    session = null;
    add('session_end', lastAtMs, id, { duration_ms: Math.max(0, lastAtMs - startedAtMs) });
  }

  function inSession(name: string, atMs: number, properties?: Record<string, unknown>): void {
    if (session && !goesOn(session, atMs)) endSession();
    if (!session) {
      session = { id: `s_${makeId(atMs)}`, startedAtMs: atMs, lastAtMs: atMs };
      add('session_start', atMs, session.id);
    }
    session = { ...session, lastAtMs: atMs };
    add(name, atMs, session.id, properties);
  }

  return {
    track(name, properties, atMs) {
      if (typeof name !== 'string' || !EVENT_NAME.test(name)) onDrop(1, 'invalid_event_name');
      else inSession(name, atMs, properties);
    },
    identify(appUserId, atMs) {
      if (!isAppUserId(appUserId)) return onDrop(1, 'invalid_app_user_id');
      if (appUserId === who.userId) return;
      // Another person on the same device: what the one did before they signed in is not the other's.
      const anonymousId = who.userId === null ? who.anonymousId : `anon_${makeId(atMs)}`;
      who = { anonymousId, userId: appUserId };
      inSession('$identify', atMs, { anonymous_id: anonymousId });
    },
    setContext(more) {
      surroundings = { ...surroundings, ...more };
    },
    reset(atMs) {
      endSession();
      who = { anonymousId: `anon_${makeId(atMs)}`, userId: null };
    },
    endSession,
    restore(saved) {
      if (!saved) return;
      who = saved.who;
      session = saved.session ?? null;
      const excess = queue.restore(saved.queue);
      if (excess > 0) onDrop(excess, 'queue_full');
    },
    save: () => ({ who, session, queue: queue.list() }),
  };
}

/** What programs print when they have no id, and the UUID that iOS gives every device that refuses tracking. */
const NOBODY =
  /^\s*(|n(ull|il|one|an)|un(defined|known)|anonymous|guest|user|test|0|-1|\[object object\]|true|false|[0-]{32,36})\s*$/i;

/** Whether the server would take this for the id of one person; its exact rule counts bytes. */
export function isAppUserId(value: unknown): value is string {
  return typeof value === 'string' && value.length <= 256 && !NOBODY.test(value);
}
