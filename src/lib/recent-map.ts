/** A map that evicts keys not set recently. */
export type RecentMap<Key, Value> = {
  get: (key: Key) => Value | undefined;
  set: (key: Key, value: Value) => void;
};

/**
 * Returns a map of at least the last `keysMax` keys that were set, and at most twice as many. It drops a whole generation when
 * the next one is full, because finding the oldest key of one large map takes longer with every deleted key.
 */
export function createRecentMap<Key, Value>(keysMax: number): RecentMap<Key, Value> {
  let current = new Map<Key, Value>();
  let previous = new Map<Key, Value>();
  return {
    get: (key) => current.get(key) ?? previous.get(key),
    set(key, value) {
      if (current.size >= keysMax && !current.has(key)) {
        previous = current;
        current = new Map();
      }
      current.set(key, value);
    },
  };
}
