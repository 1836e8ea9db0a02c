import { monotonicFactory } from 'ulid';

/** Prefixes of Appflow's ids; the rest is a ULID (26 characters, time-ordered, https://github.com/ulid/spec). */
export type IdPrefix = 'proj' | 'app' | 'key' | 'req';

const nextUlid = monotonicFactory();

/** Returns a new time-ordered id such as `proj_01K…`. Unique across processes: 80 random bits a millisecond. */
export function newId(prefix: IdPrefix): string {
  return `${prefix}_${nextUlid()}`;
}

/** Returns a bare ULID: the `event_id` of an event that came without one. */
export function newUlid(): string {
  return nextUlid();
}

const ULID_PATTERN = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/;

/** Whether `value` has the shape of an id with this prefix; says nothing about the thing existing. */
export function isId(value: string, prefix: IdPrefix): boolean {
  return value.startsWith(`${prefix}_`) && ULID_PATTERN.test(value.slice(prefix.length + 1));
}
