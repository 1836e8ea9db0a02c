/**
 * Finds rows by a 32-bit hash: an open-addressing table in 8 to 16 bytes per row, where a Map takes 50 and keeps its names
 * as strings. Rows are whole numbers from 0 up.
 */
export type RowIndex = {
  /** Returns the row with this hash that matches; undefined if there is none. */
  find: (hash: number, isMatch: (row: number) => boolean) => number | undefined;
  /** Adds a row that is not in the index. */
  add: (hash: number, row: number) => void;
  /** Removes a row that was added with this hash. */
  remove: (hash: number, row: number) => void;
};

const SLOTS_MIN = 1_024;
const EMPTY = 0;
/** Where a row was removed: a search goes on past it. Rows are stored plus 1. */
const REMOVED = -1;

/** Returns an empty index. `hashOf` returns the hash that a row was added with: it is asked when the table grows. */
export function createRowIndex(hashOf: (row: number) => number): RowIndex {
  let slots = new Int32Array(SLOTS_MIN);
  let rows = 0;
  /** Slots that are not empty: rows, and where rows were removed. */
  let taken = 0;

  function put(hash: number, row: number): void {
    const mask = slots.length - 1;
    let at = hash & mask;
    while (slots[at] !== EMPTY) at = (at + 1) & mask;
    slots[at] = row + 1;
  }

  /** Half of the slots stay empty, so that searches are short; rebuilding also forgets where rows were removed. */
  function makeRoom(): void {
    if (2 * (taken + 1) <= slots.length) return;
    const old = slots;
    slots = new Int32Array(4 * (rows + 1) > old.length ? 2 * old.length : old.length);
    for (const stored of old) if (stored > 0) put(hashOf(stored - 1), stored - 1);
    taken = rows;
  }

  return {
    find(hash, isMatch) {
      const mask = slots.length - 1;
      for (let at = hash & mask; slots[at] !== EMPTY; at = (at + 1) & mask) {
        const row = (slots[at] ?? EMPTY) - 1;
        if (row >= 0 && isMatch(row)) return row;
      }
      return undefined;
    },
    add(hash, row) {
      makeRoom();
      put(hash, row);
      rows += 1;
      taken += 1;
    },
    remove(hash, row) {
      const mask = slots.length - 1;
      let at = hash & mask;
      while (slots[at] !== row + 1 && slots[at] !== EMPTY) at = (at + 1) & mask;
      if (slots[at] === EMPTY) return;
      slots[at] = REMOVED;
      rows -= 1;
    },
  };
}

/** Returns the array, or a longer copy of it that has room for `length` elements. */
export function withRoom<T extends Int32Array | Float64Array>(array: T, length: number): T {
  if (length <= array.length) return array;
  const longer = new (array.constructor as new (length: number) => T)(Math.max(length, 2 * array.length));
  longer.set(array);
  return longer;
}
