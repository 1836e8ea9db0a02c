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

const bitsPerId = 16;
const probes = 6;

/** Returns what names an event for dedupe. Ids are visible ASCII, so a space cannot stand in one. */
export function eventKey(projectId: string, eventId: string): string {
  return `${projectId} ${eventId}`;
}

/** Returns the key's hash, the same as `CRC32(concat(project_id, ' ', event_id))` in the engine. */
export function hashKey(key: string): number {
  return crc32(key);
}

/** Returns an empty Bloom filter for `capacity` ids: 2 bytes an id, about 0.1 % needless look-ups when full. */
export function createIdFilter(capacity: number): IdFilter {
  const words = 2 ** Math.ceil(Math.log2((Math.max(capacity, 64) * bitsPerId) / 32));
  const bits = new Uint32Array(words);
  const mask = words * 32 - 1;
  let count = 0;
  return {
    capacity,
    count: () => count,
    mayHave(hash) {
      const step = mix(hash ^ 0x9e3779b9) | 1;
      let at = mix(hash);
      for (let probe = 0; probe < probes; probe += 1) {
        const bit = at & mask;
        if ((((bits[bit >>> 5] ?? 0) >>> (bit & 31)) & 1) === 0) return false;
        at = (at + step) | 0;
      }
      return true;
    },
    add(hash) {
      count += 1;
      const step = mix(hash ^ 0x9e3779b9) | 1;
      let at = mix(hash);
      for (let probe = 0; probe < probes; probe += 1) {
        const bit = at & mask;
        bits[bit >>> 5] = (bits[bit >>> 5] ?? 0) | (1 << (bit & 31));
        at = (at + step) | 0;
      }
    },
  };
}

/** The finaliser of MurmurHash3: CRC32 is linear, so ids counted upwards would share their bits. */
function mix(hash: number): number {
  let mixed = hash;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
