import { findIndexFrom } from './find-index.ts';
import { hasId, idOf, type PackedKey } from './packed-key.ts';
import { createRowIndex, withRoom } from './row-index.ts';

/** The number of each key, which is its place in the list of packed keys. */
export type KeyNumbers = {
  find: (keyId: string) => number | undefined;
  /** Adds an empty place for a key at the end of the list, and returns its number. */
  add: (keyId: string, projectId: string) => number;
  /** Returns the keys of a project by ascending id. */
  listOfProject: (projectId: string) => readonly number[];
};

/** Returns the numbers of the keys in `packed`, which is empty. */
export function createKeyNumbers(packed: PackedKey[]): KeyNumbers {
  const byProject = new Map<string, number[]>();
  let hashes = new Int32Array(0);
  const index = createRowIndex((key) => hashes[key] ?? 0);
  return {
    find(keyId) {
      const hash = hashOf(keyId);
      return index.find(hash, (key) => hashes[key] === hash && hasId(packed[key] ?? '', keyId));
    },
    add(keyId, projectId) {
      const key = packed.push('') - 1;
      const hash = hashOf(keyId);
      hashes = withRoom(hashes, key + 1);
      hashes[key] = hash;
      index.add(hash, key);
      const keys = byProject.get(projectId) ?? [];
      byProject.set(projectId, keys);
      putInOrder(keys, key, keyId, packed);
      return key;
    },
    listOfProject: (projectId) => byProject.get(projectId) ?? [],
  };
}

/** Puts a key into the list of its project, which is in the order of ids, so that no request has to sort it. */
function putInOrder(keys: number[], key: number, keyId: string, packed: readonly PackedKey[]): void {
  const idAt = (index: number) => ({ id: idOf(packed[keys.at(index) ?? -1] ?? '') });
  keys.splice(findIndexFrom({ length: keys.length, at: idAt }, keyId), 0, key);
}

/** Ids created in the same second share their start: their end is what differs. */
const DISTINCT_CHARACTERS = 12;

/** Returns a 32-bit hash of an id (FNV-1a). */
function hashOf(keyId: string): number {
  let hash = 0x811c9dc5;
  for (let at = Math.max(0, keyId.length - DISTINCT_CHARACTERS); at < keyId.length; at += 1) {
    hash = Math.imul(hash ^ keyId.charCodeAt(at), 0x01000193);
  }
  return hash ^ (hash >>> 15);
}
