import type { SessionSource } from '../accounts/sessions.ts';
import { findMembershipStatus, type MembershipStatus } from './membership.ts';

/** Polls the session and role of members with open streams. */
export type MembershipWatcher = {
  /**
   * Returns the status as last read; 'unknown' while the database takes longer than `ANSWER_MS_MAX` to answer.
   * `known` is the status that the request was authenticated with: one object per request, which counts until the next
   * read.
   */
  poll: (sessionId: string, projectId: string, known: MembershipStatus) => MembershipStatus | 'unknown';
  close: () => void;
};

const READ_MS = 250;
/**
 * After this long without an answer, the status is unknown. Streams poll every 400 ms: with `READ_MS`, a stream ends within one
 * second of the change.
 */
const ANSWER_MS_MAX = 350;
/** A member that was not polled for this long has no open stream any more. */
const FORGET_MS = 2_000;

type WatchedMembership = {
  sessionId: string;
  projectId: string;
  last: MembershipStatus | 'unknown';
  /** When the request or the read began that `last` is from. */
  knownAtMs: number;
  /** When the read began that has not returned yet; undefined if there is none. */
  readingSinceMs: number | undefined;
  polledAtMs: number;
};

/** Returns the watcher of one process, which reads the control database. */
export const watchMemberships = (services: SessionSource): MembershipWatcher =>
  createWatcher((sessionId, projectId) => findMembershipStatus(services, sessionId, projectId));

/**
 * Returns the watcher of one process. It calls `read` every 250 ms for each member that is polled, and for no other, but not
 * before the previous call has returned: reads of a slow database would pile up, and answers could overtake each other.
 */
export function createWatcher(
  read: (sessionId: string, projectId: string) => Promise<MembershipStatus>,
  nowMs = () => performance.now(),
): MembershipWatcher {
  const watched = new Map<string, WatchedMembership>();
  const seen = new WeakSet<MembershipStatus>();
  let timer: NodeJS.Timeout | undefined;

  async function readStatus(one: WatchedMembership): Promise<void> {
    const startedAtMs = nowMs();
    one.readingSinceMs = startedAtMs;
    const status = await read(one.sessionId, one.projectId).catch(() => 'unknown' as const);
    one.readingSinceMs = undefined;
    // A request may have been authenticated while this was read.
    if (startedAtMs < one.knownAtMs) return;
    one.last = status;
    one.knownAtMs = startedAtMs;
  }

  function readAll(): void {
    const now = nowMs();
    for (const [name, one] of watched) {
      if (now - one.polledAtMs > FORGET_MS) watched.delete(name);
      else if (one.readingSinceMs === undefined) void readStatus(one);
    }
    if (watched.size === 0) close();
  }

  function close(): void {
    clearInterval(timer);
    timer = undefined;
  }

  return {
    poll(sessionId, projectId, known) {
      const name = `${sessionId} ${projectId}`;
      const now = nowMs();
      const one = watched.get(name) ?? startWatching(sessionId, projectId, known, now);
      // A request just authenticated is newer than the last read: a role may have been lost and given back in between.
      if (!seen.has(known)) Object.assign(one, { last: known, knownAtMs: now });
      seen.add(known);
      one.polledAtMs = now;
      watched.set(name, one);
      timer ??= setInterval(readAll, READ_MS).unref();
      return now - (one.readingSinceMs ?? now) > ANSWER_MS_MAX ? 'unknown' : one.last;
    },
    close,
  };
}

const startWatching = (
  sessionId: string,
  projectId: string,
  last: MembershipStatus,
  now: number,
): WatchedMembership => ({
  ...{ sessionId, projectId, last },
  ...{ knownAtMs: now, readingSinceMs: undefined, polledAtMs: now },
});
