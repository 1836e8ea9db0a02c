import { createHash } from 'node:crypto';
import { parseTimestamp } from '../../../lib/timestamp.ts';
import { type Fields, isFilled, toTime } from '../../../sdk/mapping/event-parts.ts';

/** A person's user properties at the latest time seen: a hash of them, and the time in epoch milliseconds. */
type Latest = { hash: number; atMs: number };

const PEOPLE_MAX = 200_000;
const HASH_BYTES = 6;

/**
 * Returns a function that says whether a row's user properties are news. Some exports repeat all of them with every event: storing
 * those that say the same as a later or earlier row of the person would double the events. Remembers the last 200,000 people;
 * those of others are stored again, which changes nothing.
 */
export function createSnapshotFilter(): (person: string | undefined, time: unknown, all: Fields) => boolean {
  const latest = new Map<string, Latest>();
  return (person, time, all) => {
    if (person === undefined || !isFilled(all)) return false;
    const atMs = parseTimestamp(toTime(time)) ?? 0;
    const known = latest.get(person);
    if (known && known.atMs > atMs) return false;
    const hash = hashOf(all);
    // Set again, so that the person counts as the last one seen.
    latest.delete(person);
    latest.set(person, { hash, atMs });
    const [oldest] = latest.keys();
    if (latest.size > PEOPLE_MAX && oldest !== undefined) latest.delete(oldest);
    return known?.hash !== hash;
  };
}

const hashOf = (all: Fields): number =>
  createHash('sha256').update(JSON.stringify(all)).digest().readUIntBE(0, HASH_BYTES);
