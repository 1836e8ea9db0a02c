/** A `$identify` as the reference reads it; times are epoch milliseconds. */
export type PlainLink = {
  anonymousId: string;
  appUserId: string;
  timestamp: number;
  eventId: string;
  verified: number;
};

/**
 * Returns a function from an ID to its person, found in the plainest way: the links one after another by event time, event ID
 * and kind of key; each counts unless its ID has one already, or the other ID leads back to it.
 */
export function replayLinks(links: readonly PlainLink[]): (id: string) => string {
  const rank = (link: PlainLink) => [
    String(link.timestamp).padStart(20, '0'),
    link.eventId,
    String(link.verified),
    link.anonymousId,
    link.appUserId,
  ];
  const ordered = [...links].sort((one, other) => {
    for (const [index, part] of rank(one).entries()) {
      const against = rank(other)[index] ?? '';
      if (part !== against) return part < against ? -1 : 1;
    }
    return 0;
  });
  const linkOf: Record<string, string> = Object.create(null);
  const follow = (id: string): string => {
    let at = id;
    while (linkOf[at] !== undefined) at = linkOf[at] ?? '';
    return at;
  };
  for (const { anonymousId, appUserId } of ordered)
    if (linkOf[anonymousId] === undefined && follow(appUserId) !== anonymousId) linkOf[anonymousId] = appUserId;
  return follow;
}
