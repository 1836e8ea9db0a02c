import { createRowIndex, withRoom } from './row-index.ts';

/** The MACs of all secrets, 32 bytes each, and the key of each. An entry keeps its number until it is removed. */
export type MacTable = {
  /** Adds the MAC of a secret of the key with this number, in the form of `encodeMac`. Returns its entry. */
  add: (stored: string, key: number) => number;
  remove: (entry: number) => void;
  /** Returns the entry of a MAC, in the form of `macOf`; undefined if no secret has it. */
  find: (mac: string) => number | undefined;
  /** Returns the number of the key that an entry was added with. */
  keyOf: (entry: number) => number;
  /** Returns the MAC of an entry, in the form of `macOf`. */
  macOf: (entry: number) => string;
};

const MAC_BYTES = 32;

/** Returns an empty table. */
export function createMacTable(): MacTable {
  let bytes = Buffer.alloc(0);
  let keys = new Int32Array(0);
  const free: number[] = [];
  let count = 0;
  // A MAC is as good as random: its first bytes are a hash of it.
  const index = createRowIndex((entry) => bytes.readInt32LE(MAC_BYTES * entry));

  function isMacAt(entry: number, mac: string): boolean {
    const from = MAC_BYTES * entry;
    for (let at = 0; at < MAC_BYTES; at += 1) if (bytes[from + at] !== mac.charCodeAt(at)) return false;
    return true;
  }

  return {
    add(stored, key) {
      const entry = free.pop() ?? count;
      if (entry === count) count += 1;
      if (bytes.length < MAC_BYTES * count) bytes = Buffer.concat([bytes], 2 * MAC_BYTES * count);
      keys = withRoom(keys, count);
      bytes.write(stored, MAC_BYTES * entry, MAC_BYTES, 'base64url');
      keys[entry] = key;
      index.add(bytes.readInt32LE(MAC_BYTES * entry), entry);
      return entry;
    },
    remove(entry) {
      index.remove(bytes.readInt32LE(MAC_BYTES * entry), entry);
      free.push(entry);
    },
    find: (mac) => index.find(hashOfMac(mac), (entry) => isMacAt(entry, mac)),
    keyOf: (entry) => keys[entry] ?? -1,
    macOf: (entry) => bytes.toString('latin1', MAC_BYTES * entry, MAC_BYTES * (entry + 1)),
  };
}

/** The first four bytes as `readInt32LE` reads them. */
const hashOfMac = (mac: string) =>
  mac.charCodeAt(0) | (mac.charCodeAt(1) << 8) | (mac.charCodeAt(2) << 16) | (mac.charCodeAt(3) << 24);
