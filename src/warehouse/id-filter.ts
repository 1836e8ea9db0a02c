import { crc32 } from 'node:zlib';
import type { EventRow } from './event-row.ts';

/** Which ids may have been seen: `false` is certain, `true` needs a lookup. */
export type IdFilter = {
  mayHave(hash: number): boolean;
  add(hash: number): void;
  /** The number of ids it is built for. Beyond that it returns `true` too often, but never a wrong `false`. */
  readonly capacity: number;
  /** Ids added so far, counting repeats. */
  count(): number;
};

/** SQL for `eventKey` of a row of `event_ids`. */
export const KEY_SQL = "concat(project_id, ' ', app_id, ' ', toString(verified), ' ', event_id)";

const BITS_PER_ID = 16;
const PROBES = 6;

/** What makes an event the same: its id, in one app, from the same kind of key. */
export type EventIdentity = Pick<EventRow, 'project_id' | 'app_id' | 'verified' | 'event_id'>;

/**
 * Returns the dedupe key of an event. Ids are visible ASCII, so they cannot contain a space. An event that anyone with
 * an installed app can send (`verified` 0) never has the key of one from a server.
 */
export function eventKey({ project_id, app_id, verified, event_id }: EventIdentity): string {
  return `${project_id} ${app_id} ${verified} ${event_id}`;
}

/** Returns the key's hash, the same as `CRC32` of KEY_SQL in the engine. */
export function hashKey(key: string): number {
  return crc32(key);
}

/** The CRC-32 remainder of each byte (ISO 3309, reflected polynomial). */
const CRC_TABLE = Int32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit += 1) rest = rest & 1 ? (rest >>> 1) ^ 0xedb88320 : rest >>> 1;
  return rest;
});

/**
 * Returns a function from events to `hashKey` of their keys, as signed 32-bit integers, which V8 stores without an object.
 * The prefix that keys of adjacent events share is hashed once. The rest is hashed here: a call into zlib takes several times as long.
 */
export function createEventHasher(): (event: EventIdentity) => number {
  let last: EventIdentity | undefined;
  let prefix = 0;
  return (event) => {
    if (
      last?.project_id !== event.project_id ||
      last.app_id !== event.app_id ||
      last.verified !== event.verified
    ) {
      last = event;
      prefix = ~crc32(eventKey({ ...event, event_id: '' }));
    }
    const { event_id } = event;
    let rest = prefix;
    for (let index = 0; index < event_id.length; index += 1) {
      const code = event_id.charCodeAt(index);
      if (code > 127) return hashKey(eventKey(event)) | 0;
      rest = (CRC_TABLE[(rest ^ code) & 255] ?? 0) ^ (rest >>> 8);
    }
    return ~rest;
  };
}

/**
 * Returns an empty Bloom filter for `capacity` ids: 2 to 4 bytes per id, about 0.3 % needless lookups when full. All
 * bits of an id are in one 512-bit block, a CPU cache line (Putze, Sanders & Singler 2007).
 */
export function createIdFilter(capacity: number): IdFilter {
  const blocks = 2 ** Math.ceil(Math.log2((Math.max(capacity, 64) * BITS_PER_ID) / 512));
  const words = new Uint32Array(blocks * 16);
  let count = 0;

  /** First word of the id's block. */
  function blockOf(hash: number): number {
    return (mix(hash) & (blocks - 1)) * 16;
  }

  return {
    capacity,
    count: () => count,
    mayHave(hash) {
      const block = blockOf(hash);
      const bits = mix(hash ^ 0x9e3779b9);
      for (let probe = 0, at = bits; probe < PROBES; probe += 1, at = (at + stepOf(bits)) | 0) {
        if ((((words[block + ((at >>> 5) & 15)] ?? 0) >>> (at & 31)) & 1) === 0) return false;
      }
      return true;
    },
    add(hash) {
      count += 1;
      const block = blockOf(hash);
      const bits = mix(hash ^ 0x9e3779b9);
      for (let probe = 0, at = bits; probe < PROBES; probe += 1, at = (at + stepOf(bits)) | 0) {
        const word = block + ((at >>> 5) & 15);
        words[word] = (words[word] ?? 0) | (1 << (at & 31));
      }
    },
  };
}

/** An odd step, from bits the first position does not use. */
function stepOf(bits: number): number {
  return ((bits >>> 9) & 511) | 1;
}

/** MurmurHash3's finalizer: CRC32 is linear, so sequential ids would share their bits. */
function mix(hash: number): number {
  let mixed = hash;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
