import { parseTimestamp } from '../../lib/timestamp.ts';
import { type Fields, toFields } from './event-parts.ts';

/** Maps the events of one batch. `derivedIds` has the IDs of its links, which every batch of the same person has. */
export type EventMapper = { map: (value: unknown) => object[]; derivedIds: ReadonlySet<string> };

/** The event that links two IDs; its ID is that of `toLinkId`. */
export type Link = Fields & { event_id: string };

/**
 * Returns the mapper of one batch. Every event of a person may name the same pair of IDs: the first one that does, and whose time can be
 * read, links them, so `mapEvent` comes after `toLink`, which returns undefined for an event without a pair.
 */
export function createLinkingMapper(
  toLink: (event: Fields) => Link | undefined,
  mapEvent: (event: Fields) => object[],
): EventMapper {
  const derivedIds = new Set<string>();
  function map(value: unknown): object[] {
    const event = toFields(value);
    const link = toLink(event);
    const isNew = link !== undefined && !derivedIds.has(link.event_id) && hasValidTime(link);
    if (isNew) derivedIds.add(link.event_id);
    return [...(isNew ? [link] : []), ...mapEvent(event)];
  }
  return { map, derivedIds };
}

/** Without a time, that of the request counts. An event with an invalid one is rejected, so a later one must link the IDs. */
const hasValidTime = ({ timestamp }: Link): boolean =>
  timestamp === undefined || parseTimestamp(timestamp) !== undefined;
