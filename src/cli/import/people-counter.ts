import { createHash } from 'node:crypto';

/** How many people there are, and whether that is exact or an estimate, within about 1 %. */
export type PeopleCount = { people: number; isExact: boolean };

/** Counts people by their IDs in bounded memory. */
export type PeopleCounter = {
  add: (id: string) => void;
  /** Says that this ID belongs to a person who has another one, too. */
  link: (id: string) => void;
  count: () => PeopleCount;
};

const SAMPLE_MAX = 100_000;
const HASH_BYTES = 6;

/**
 * Returns a counter that is exact up to `sampleMax` IDs. Beyond, it keeps those whose hash ends in more and more zero bits, and
 * multiplies (Wegman's adaptive sampling: Flajolet, "On Adaptive Sampling", 1990).
 */
export function createPeopleCounter(sampleMax = SAMPLE_MAX): PeopleCounter {
  /** By hash of the ID: whether it is linked to another. */
  const sample = new Map<number, boolean>();
  let share = 1;

  function put(id: string, isLinked: boolean): void {
    const hash = createHash('sha256').update(id).digest().readUIntBE(0, HASH_BYTES);
    if (hash % share !== 0) return;
    sample.set(hash, isLinked || sample.get(hash) === true);
    while (sample.size > sampleMax) {
      share *= 2;
      for (const kept of sample.keys()) if (kept % share !== 0) sample.delete(kept);
    }
  }

  return {
    add: (id) => put(id, false),
    link: (id) => put(id, true),
    count() {
      const people = [...sample.values()].filter((isLinked) => !isLinked).length;
      return { people: people * share, isExact: share === 1 };
    },
  };
}
