import { createRowIndex, withRoom } from './row-index.ts';

/** The MACs of all secrets, 32 bytes each, and the key of each. An entry keeps its number until it is removed. */
export type MacTable = {
  /** Adds the MAC of a secret of the key with this number, in the form of `macOf`. Returns its entry. */
  add: (mac: string, key: number) => number;
  remove: (entry: number) => void;
  /** Returns the entry of a MAC; undefined if no secret has it. */
  find: (mac: string) => number | undefined;
  /** Returns the number of the key that an entry was added with. */
  keyOf: (entry: number) => number;
  /** Returns the MAC of an entry, in the form of `macOf`. */
  macOf: (entry: number) => string;
};

const MAC_BYTES = 32;

/** Returns an empty table. */
export function createMacTable(): MacTable {
  let bytes: Uint8Array = new Uint8Array(0);
  let keys = new Int32Array(0);
  const free: number[] = [];
  let count = 0;
  // A MAC is as good as random: its first bytes are a hash of it.
  const index = createRowIndex((entry) => readInt32(bytes, MAC_BYTES * entry));

  function isMacAt(entry: number, mac: string): boolean {
    const from = MAC_BYTES * entry;
    for (let at = 0; at < MAC_BYTES; at += 1) if (bytes[from + at] !== mac.charCodeAt(at)) return false;
    return true;
  }

  return {
    add(mac, key) {
      const entry = free.pop() ?? count++;
      bytes = withRoom(bytes, MAC_BYTES * (entry + 1));
      keys = withRoom(keys, entry + 1);
      for (let at = 0; at < MAC_BYTES; at += 1) bytes[MAC_BYTES * entry + at] = mac.charCodeAt(at);
      keys[entry] = key;
      index.add(hashOfMac(mac), entry);
      return entry;
    },
    remove(entry) {
      index.remove(readInt32(bytes, MAC_BYTES * entry), entry);
      free.push(entry);
    },
    find: (mac) => index.find(hashOfMac(mac), (entry) => isMacAt(entry, mac)),
    keyOf: (entry) => keys[entry] ?? -1,
    macOf: (entry) =>
      String.fromCharCode(...bytes.subarray(MAC_BYTES * entry, MAC_BYTES * (entry + 1))),
  };
}

const readInt32 = (bytes: Uint8Array, at: number) =>
  (bytes[at] ?? 0) |
  ((bytes[at + 1] ?? 0) << 8) |
  ((bytes[at + 2] ?? 0) << 16) |
  ((bytes[at + 3] ?? 0) << 24);

const hashOfMac = (mac: string) =>
  mac.charCodeAt(0) | (mac.charCodeAt(1) << 8) | (mac.charCodeAt(2) << 16) | (mac.charCodeAt(3) << 24);
