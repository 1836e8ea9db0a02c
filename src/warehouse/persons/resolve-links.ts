import { compareText } from '../../lib/text/compare-text.ts';

/** A `$identify`: its `anonymous_id` is the same person as its `app_user_id`. Within one app; times are epoch milliseconds. */
export type Link = {
  anonymousId: string;
  appUserId: string;
  timestamp: number;
  eventId: string;
  verified: number;
};

/** The person of each ID that a link starts from: the ID at the end of its chain, which may be the ID itself. */
export type Persons = ReadonlyMap<string, string>;

/**
 * Returns the person of each ID that a link starts from. The links are replayed in the order of `compareLinks`, however they
 * arrived: a link has an effect if its anonymous ID has no link yet, and if it closes no circle. Chains are followed.
 */
export function resolveLinks(links: readonly Link[]): Persons {
  // Of each ID with a link: an ID further along its chain. Paths are shortened on the way, so long chains stay cheap.
  const next = new Map<string, string>();
  for (const { anonymousId, appUserId } of links.toSorted(compareLinks)) {
    // The anonymous ID is the end of its own chain, so this is a circle exactly if the other one ends there too.
    if (next.has(anonymousId) || findEnd(next, appUserId) === anonymousId) continue;
    next.set(anonymousId, appUserId);
  }
  return new Map(links.map(({ anonymousId }) => [anonymousId, findEnd(next, anonymousId)]));
}

/** Orders links by event time, then by event ID; two events that share both by the kind of key, then by their IDs. */
export function compareLinks(one: Link, other: Link): number {
  return (
    one.timestamp - other.timestamp ||
    compareText(one.eventId, other.eventId) ||
    one.verified - other.verified ||
    compareText(one.anonymousId, other.anonymousId) ||
    compareText(one.appUserId, other.appUserId)
  );
}

function findEnd(next: Map<string, string>, id: string): string {
  const path: string[] = [];
  let end = id;
  for (let further = next.get(end); further !== undefined; further = next.get(end)) {
    path.push(end);
    end = further;
  }
  for (const passed of path) if (passed !== end) next.set(passed, end);
  return end;
}
