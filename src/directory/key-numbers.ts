import { findIndexFrom, type Rows } from './find-index.ts';
import { idOf, startOf } from './packed-key.ts';
import { createRowIndex, withRoom } from './row-index.ts';
import type { TextStore } from './text-store.ts';

/** The number of each key, by which its text is stored. */
export type KeyNumbers = {
  find: (keyId: string) => number | undefined;
  /** Gives a key the next number and returns it. Its text must be stored before the next call. */
  add: (keyId: string, projectId: string) => number;
  count: () => number;
  /** Returns the keys of a project by ascending id. */
  listOfProject: (projectId: string) => Rows<number>;
};

/** Returns the numbers of the keys in `packed`, which is empty. */
export function createKeyNumbers(packed: TextStore): KeyNumbers {
  const byProject = new Map<string, ProjectKeys>();
  let hashes = new Int32Array(0);
  let count = 0;
  const index = createRowIndex((key) => hashes[key] ?? 0);
  return {
    find(keyId) {
      const hash = hashOf(keyId);
      const start = startOf(keyId);
      return index.find(hash, (key) => hashes[key] === hash && packed.startsWith(key, start));
    },
    add(keyId, projectId) {
      const key = count;
      count += 1;
      const hash = hashOf(keyId);
      hashes = withRoom(hashes, key + 1);
      hashes[key] = hash;
      index.add(hash, key);
      const keys = byProject.get(projectId) ?? { numbers: new Int32Array(0), count: 0 };
      byProject.set(projectId, keys);
      putInOrder(keys, key, keyId, packed);
      return key;
    },
    listOfProject(projectId) {
      const keys = byProject.get(projectId);
      return keys === undefined ? [] : listOf(keys);
    },
    count: () => count,
  };
}

/** The keys of a project by ascending id: the first `count` of `numbers`, which has room for more. */
type ProjectKeys = { numbers: Int32Array; count: number };

const listOf = ({ numbers, count }: ProjectKeys) => numbers.subarray(0, count);

/** Puts a key into the list of its project, which is in the order of ids, so that no request has to sort it. */
function putInOrder(keys: ProjectKeys, key: number, keyId: string, packed: TextStore): void {
  const before = listOf(keys);
  const idAt = (index: number) => {
    const other = before.at(index);
    return other === undefined ? undefined : { id: idOf(packed.get(other)) };
  };
  const index = findIndexFrom({ length: before.length, at: idAt }, keyId);
  keys.count += 1;
  keys.numbers = withRoom(keys.numbers, keys.count);
  keys.numbers.copyWithin(index + 1, index, keys.count - 1);
  keys.numbers[index] = key;
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
