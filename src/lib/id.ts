import { monotonicFactory } from 'ulid';

/** Prefixes of Appflow's ids; the rest is a ULID (26 characters, time-ordered, https://github.com/ulid/spec). */
export type IdPrefix = 'proj' | 'app' | 'key' | 'req' | 'aud';

const nextUlid = monotonicFactory();

/** Returns a new time-ordered id such as `proj_01K…`. Unique across processes: 80 random bits a millisecond. */
export function newId(prefix: IdPrefix): string {
  return `${prefix}_${nextUlid()}`;
}

/** Returns a bare ULID: the `event_id` of an event that came without one. */
export function newUlid(): string {
  return nextUlid();
}
