import type { EventContext } from '../api/events.ts';
import { SDK } from '../http/transport.ts';
import { createId } from '../runtime/id.ts';
import type { DetectedContext } from './detect-context.ts';
import type { Listeners } from './listeners.ts';
import { mergeContext } from './merge-context.ts';
import type { Queue, TrackedEvent } from './queue.ts';
import { type Identity, isActive, type SavedState, type Session } from './saved-state.ts';
import { isAppUserId } from './user-id.ts';

/** An event's own timestamp and ID, instead of the current time and a new ID. */
export type TrackOptions = {
  /** When it happened, by the device's clock: a Date, RFC 3339 or epoch milliseconds. */
  timestamp?: Date | string | number | undefined;
  /** 1 to 128 visible ASCII characters. An ID counts once per app, so use a UUID or ULID. */
  eventId?: string | undefined;
};

/** What an app tracks: an event without what the recorder adds. */
export type AppEvent = Pick<TrackedEvent, 'event_name'> & Partial<TrackedEvent>;

/** Turns the app's calls into events. All times are epoch milliseconds. */
export type Recorder = {
  track: (event: AppEvent, nowMs: number, timestamp?: TrackOptions['timestamp']) => void;
  identify: (event: AppEvent, nowMs: number) => void;
  setUserProperties: (event: AppEvent, nowMs: number) => void;
  setContext: (context: EventContext) => void;
  reset: (nowMs: number) => void;
  /** Discards the queue and the user; nothing is recorded until `optIn`. */
  optOut: (nowMs: number) => void;
  optIn: (nowMs: number) => void;
  endSession: () => void;
  restore: (saved: SavedState | undefined) => void;
  state: () => SavedState;
};

type Parts = {
  queue: Queue;
  listeners: Pick<Listeners, 'dropped' | 'failed'>;
  who: Identity;
  session: Session | null;
  context: EventContext;
};

const EVENT_NAME = /^[a-z][a-z0-9_]{0,63}$/;

/** Returns a recorder that adds to the queue. Later `contexts` override earlier ones. */
export function createRecorder(
  queue: Queue,
  contexts: readonly (DetectedContext | undefined)[],
  listeners: Parts['listeners'],
  nowMs: number,
): Recorder {
  const parts: Parts = { queue, listeners, who: createIdentity(nowMs), session: null, context: { sdk: SDK } };
  const { dropped, failed } = listeners;
  const setContext = (changes: object | undefined) => {
    parts.context = mergeContext(parts.context, changes, failed);
  };
  const restore = (saved: SavedState | undefined) => {
    if (!saved) return;
    parts.who = saved.who;
    parts.session = saved.session ?? null;
    dropped('queue_full', queue.restore(saved.queue));
    if (!saved.who.isOptedOut) return;
    const events = queue.list();
    queue.remove(events);
    dropped('opted_out', events);
  };
  const setUserProperties: Recorder['setUserProperties'] = (event, atMs) =>
    parts.who.isOptedOut || addToSession(parts, event, atMs);
  contexts.forEach(setContext);

  return {
    track: (event, atMs, timestamp) => parts.who.isOptedOut || track(parts, event, atMs, timestamp),
    identify(event, atMs) {
      const { who } = parts;
      const { app_user_id: userId, properties } = event;
      if (userId === who.userId) {
        if (properties) setUserProperties({ event_name: '$set', properties }, atMs);
        return;
      }
      if (who.isOptedOut) return;
      if (!isAppUserId(userId)) return dropped('invalid_app_user_id', [event]);
      // A second user on the same device gets a new anonymous ID: the first user's history is not theirs.
      const { anonymousId } = who.userId === null ? who : createIdentity(atMs);
      parts.who = { anonymousId, userId };
      addToSession(parts, { ...event, properties: { ...properties, anonymous_id: anonymousId } }, atMs);
    },
    setUserProperties,
    setContext,
    reset(atMs) {
      endSession(parts);
      parts.who = { ...parts.who, ...createIdentity(atMs) };
    },
    optOut: (atMs) =>
      restore({ who: { ...createIdentity(atMs), isOptedOut: true }, session: null, queue: [] }),
    optIn(atMs) {
      if (parts.who.isOptedOut) parts.who = createIdentity(atMs);
    },
    endSession: () => endSession(parts),
    restore,
    state: () => ({ who: parts.who, session: parts.session, queue: queue.list() }),
  };
}

const createIdentity = (nowMs: number): Identity => ({
  anonymousId: `anon_${createId(nowMs)}`,
  userId: null,
});

function track(parts: Parts, event: AppEvent, nowMs: number, timestamp: TrackOptions['timestamp']): void {
  const { session, listeners } = parts;
  const atMs = new Date(timestamp ?? nowMs).getTime();
  const { event_name: name } = event;
  if (typeof name !== 'string' || !EVENT_NAME.test(name)) listeners.dropped('invalid_event_name', [event]);
  else if (Number.isNaN(atMs)) listeners.dropped('invalid_timestamp', [event]);
  else if (isActive({ lastAtMs: atMs }, nowMs)) addToSession(parts, event, nowMs, atMs);
  // An event of the past neither starts nor prolongs a session.
  else
    add(parts, session && session.startedAtMs <= atMs ? { ...event, session_id: session.id } : event, atMs);
}

/** Adds an event to the running session, or to a new one. */
function addToSession(parts: Parts, event: AppEvent, nowMs: number, atMs = nowMs): void {
  if (parts.session && !isActive(parts.session, nowMs)) endSession(parts);
  if (!parts.session) {
    const startedAtMs = Math.min(nowMs, atMs);
    parts.session = { id: `s_${createId(nowMs)}`, startedAtMs, lastAtMs: nowMs };
    add(parts, { event_name: '$session_start', session_id: parts.session.id }, startedAtMs);
  }
  parts.session = { ...parts.session, lastAtMs: nowMs };
  add(parts, { ...event, session_id: parts.session.id }, atMs);
}

function endSession(parts: Parts): void {
  if (!parts.session) return;
  const { id, startedAtMs, lastAtMs } = parts.session;
  parts.session = null;
  const duration_ms = Math.max(0, lastAtMs - startedAtMs);
  add(parts, { event_name: '$session_end', session_id: id, properties: { duration_ms } }, lastAtMs);
}

function add({ queue, listeners, who, context }: Parts, event: AppEvent, atMs: number): void {
  const app_user_id = who.userId ?? who.anonymousId;
  const timestamp = new Date(atMs).toISOString();
  const excess = queue.add({ event_id: createId(atMs), app_user_id, timestamp, context, ...event });
  listeners.dropped('queue_full', excess);
}
