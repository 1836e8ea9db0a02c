import type { FindServices } from '../accounts/sessions.ts';
import { findMembershipStatus, type MembershipStatus } from './membership.ts';

/** How the members stand whose streams are open, read again and again while somebody looks. */
export type MembershipWatcher = {
  /**
   * Returns what was last read, at most `READ_MS` and a query ago; 'unknown' when the database did not answer. `known` is
   * what the door read: one object a request, which counts until the next reading.
   */
  poll: (sessionId: string, projectId: string, known: MembershipStatus) => MembershipStatus | 'unknown';
  close: () => void;
};

/** Streams look twice a second: together they end within one second of the change. */
const READ_MS = 250;
/** Who has not looked for so long has gone. */
const FORGET_MS = 2_000;

type Watched = {
  sessionId: string;
  projectId: string;
  last: MembershipStatus | 'unknown';
  lookedAtMs: number;
};

/** Returns the standings of one process, read from the control database. */
export const watchMemberships = (services: FindServices): MembershipWatcher =>
  createWatcher((sessionId, projectId) => findMembershipStatus(services, sessionId, projectId));

/** Returns the standings of one process; `read` is asked every 250 ms for each that is looked at, and for no other. */
export function createWatcher(
  read: (sessionId: string, projectId: string) => Promise<MembershipStatus>,
): MembershipWatcher {
  const watched = new Map<string, Watched>();
  const heard = new WeakSet<MembershipStatus>();
  let timer: NodeJS.Timeout | undefined;

  async function readAgain(one: Watched): Promise<void> {
    one.last = await read(one.sessionId, one.projectId).catch(() => 'unknown' as const);
  }

  function readAll(): void {
    const now = performance.now();
    for (const [name, one] of watched) {
      if (now - one.lookedAtMs > FORGET_MS) watched.delete(name);
      else void readAgain(one);
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
      const one = watched.get(name) ?? { sessionId, projectId, last: known, lookedAtMs: 0 };
      // Whoever was just let in knows better than what was read before: a role may have been lost and given back.
      if (!heard.has(known)) one.last = known;
      heard.add(known);
      one.lookedAtMs = performance.now();
      watched.set(name, one);
      timer ??= setInterval(readAll, READ_MS).unref();
      return one.last;
    },
    close,
  };
}
