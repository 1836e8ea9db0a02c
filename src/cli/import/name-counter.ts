/** Counts by name. `others` is the count of names beyond the first ones, which are not listed. */
export type NameCounts = { counts: { name: string; count: number }[]; others: number };

/** Counts names, of which a file may have millions. */
export type NameCounter = { add: (name: string) => void; read: () => NameCounts };

const NAMES_MAX = 1_000;

/** Returns a counter of the first `namesMax` names that it sees; `read` returns the most frequent first. */
export function createNameCounter(namesMax = NAMES_MAX): NameCounter {
  const counts = new Map<string, number>();
  let others = 0;
  return {
    add(name) {
      const known = counts.get(name);
      if (known === undefined && counts.size >= namesMax) others += 1;
      else counts.set(name, (known ?? 0) + 1);
    },
    read() {
      const listed = [...counts].map(([name, count]) => ({ name, count }));
      return { counts: listed.toSorted((one, other) => other.count - one.count), others };
    },
  };
}
