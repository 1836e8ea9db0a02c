import { crc32 } from 'node:zlib';

/** Which ids were possibly seen: `false` is a proof, `true` needs a look-up. */
export type IdFilter = {
  mayHave(hash: number): boolean;
  add(hash: number): void;
  /** Ids it is built for; beyond them it answers `true` too often, never `false` wrongly. */
  readonly capacity: number;
  /** Ids added so far, repeated ones counted again. */
  count(): number;
};

const BITS_PER_ID = 16;
const PROBES = 6;

/** Returns what names an event for dedupe. Ids are visible ASCII, so a space cannot stand in one. */
export function eventKey(projectId: string, eventId: string): string {
  return `${projectId} ${eventId}`;
}

/** Returns the key's hash, the same as `CRC32(concat(project_id, ' ', event_id))` in the engine. */
export function hashKey(key: string): number {
  return crc32(key);
}

/**
 * Returns an empty Bloom filter for `capacity` ids: 2 to 4 bytes an id, about 0.3 % needless look-ups when full.
 * All bits of an id lie in one block of 512, a line of the processor's cache (Putze, Sanders & Singler 2007).
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

/** An odd step from bits that the first position does not use. */
function stepOf(bits: number): number {
  return ((bits >>> 9) & 511) | 1;
}

/** The finaliser of MurmurHash3: CRC32 is linear, so ids counted upwards would share their bits. */
function mix(hash: number): number {
  let mixed = hash;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
