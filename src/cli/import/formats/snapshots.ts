import { createHash } from 'node:crypto';
import { createRecentMap } from '../../../lib/recent-map.ts';
import { parseTimestamp } from '../../../lib/timestamp.ts';
import { deriveId, isFilled, toTime } from '../../../sdk/mapping/event-parts.ts';
import type { Snapshot } from './format.ts';

/** A person's user properties at the latest time seen: a hash of them, and the time in epoch milliseconds. */
type Latest = { hash: number; atMs: number };

const PEOPLE_MAX = 100_000;
const HASH_BYTES = 6;

/**
 * Returns a function that says whether a row's user properties have changed, and remembers them. Some exports repeat all of them with
 * every event: storing those that say the same as a later or earlier row of the person would double the events. Remembers the
 * last 100,000 people; those of others are stored again, which changes nothing.
 */
export function createSnapshotFilter(): (
  snapshot: Pick<Snapshot, 'person' | 'time' | 'properties'>,
) => boolean {
  const latest = createRecentMap<string, Latest>(PEOPLE_MAX);
  return ({ person, time, properties }) => {
    if (person === undefined || !isFilled(properties)) return false;
    const atMs = parseTimestamp(toTime(time)) ?? 0;
    const known = latest.get(person);
    if (known && known.atMs > atMs) return false;
    const hash = hashOf(properties);
    latest.set(person, { hash, atMs });
    return known?.hash !== hash;
  };
}

const hashOf = (properties: Snapshot['properties']): number =>
  createHash('sha256').update(JSON.stringify(properties)).digest().readUIntBE(0, HASH_BYTES);

/** Returns the ID of the event with a person's user properties after the event that has this ID. */
export const toSnapshotId = (id: string | undefined): string | undefined =>
  id === undefined ? undefined : deriveId('person', id);
