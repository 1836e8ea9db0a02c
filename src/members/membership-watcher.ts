import type { SessionSource } from '../accounts/sessions.ts';
import { findMembershipStatus, type MembershipStatus } from './membership.ts';

/** Polls the session and role of members with open streams. */
export type MembershipWatcher = {
  /**
   * Returns the status as last read, at most `READ_MS` and one query ago; 'unknown' if the database did not answer.
   * `known` is the status that the request was authenticated with: one object per request, which counts until the next
   * read.
   */
  poll: (sessionId: string, projectId: string, known: MembershipStatus) => MembershipStatus | 'unknown';
  close: () => void;
};

/** Streams poll twice per second: together, a stream ends within one second of the change. */
const READ_MS = 250;
/** A member that was not polled for this long has no open stream any more. */
const FORGET_MS = 2_000;

type WatchedMembership = {
  sessionId: string;
  projectId: string;
  last: MembershipStatus | 'unknown';
  polledAtMs: number;
};

/** Returns the watcher of one process, which reads the control database. */
export const watchMemberships = (services: SessionSource): MembershipWatcher =>
  createWatcher((sessionId, projectId) => findMembershipStatus(services, sessionId, projectId));

/** Returns the watcher of one process. It calls `read` every 250 ms for each member that is polled, and for no other. */
export function createWatcher(
  read: (sessionId: string, projectId: string) => Promise<MembershipStatus>,
): MembershipWatcher {
  const watched = new Map<string, WatchedMembership>();
  const seen = new WeakSet<MembershipStatus>();
  let timer: NodeJS.Timeout | undefined;

  async function readStatus(one: WatchedMembership): Promise<void> {
    one.last = await read(one.sessionId, one.projectId).catch(() => 'unknown' as const);
  }

  function readAll(): void {
    const now = performance.now();
    for (const [name, one] of watched) {
      if (now - one.polledAtMs > FORGET_MS) watched.delete(name);
      else void readStatus(one);
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
      const one = watched.get(name) ?? { sessionId, projectId, last: known, polledAtMs: 0 };
      // A request just authenticated is newer than the last read: a role may have been lost and given back in between.
      if (!seen.has(known)) one.last = known;
      seen.add(known);
      one.polledAtMs = performance.now();
      watched.set(name, one);
      timer ??= setInterval(readAll, READ_MS).unref();
      return one.last;
    },
    close,
  };
}
