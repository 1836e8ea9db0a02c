/** What was used last, by number. */
export type Recent<T> = {
  get: (id: number) => T | undefined;
  /** Adds a value and returns it. */
  add: (id: number, value: T) => T;
  remove: (id: number) => void;
  clear: () => void;
};

/**
 * Returns an empty memory of the `max` values used last, and up to `max` more. Values move to the younger of two maps when
 * they are used; when that is full, the older one is dropped. That costs less than a list in the order of use.
 */
export function createRecent<T>(max: number): Recent<T> {
  let young = new Map<number, T>();
  let old = new Map<number, T>();

  function add(id: number, value: T): T {
    if (young.size >= max) [old, young] = [young, new Map()];
    young.set(id, value);
    return value;
  }

  return {
    get(id) {
      const value = young.get(id);
      if (value !== undefined) return value;
      const older = old.get(id);
      return older === undefined ? undefined : add(id, older);
    },
    add,
    remove(id) {
      young.delete(id);
      old.delete(id);
    },
    clear() {
      young = new Map();
      old = new Map();
    },
  };
}
