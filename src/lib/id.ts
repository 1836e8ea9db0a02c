import { randomFillSync } from 'node:crypto';
import { monotonicFactory } from 'ulid';

/** Prefixes of Appflow's ids; the rest is a ULID (26 characters, time-ordered, https://github.com/ulid/spec). */
export type IdPrefix =
  | 'proj'
  | 'app'
  | 'key'
  | 'req'
  | 'aud'
  | 'usr'
  | 'ses'
  | 'inv'
  | 'row'
  | 'store'
  | 'ers';

const pool = Buffer.alloc(4_096);
let used = pool.length;

/** Random bytes from a pool: the library's own source asks the system for one byte at a time, 16 times per id. */
function random(): number {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const byte = pool[used] ?? 0;
  used += 1;
  // The library uses 5 bits of the fraction, so 8 are enough and stay uniform.
  return byte / 256;
}

const nextUlid = monotonicFactory(random);

/** Returns a new time-ordered id such as `proj_01K…`. Unique across processes: 80 random bits per millisecond. */
export function newId(prefix: IdPrefix): string {
  return `${prefix}_${nextUlid()}`;
}

/** Returns a bare ULID: the `event_id` of an event sent without one. */
export function newUlid(): string {
  return nextUlid();
}
