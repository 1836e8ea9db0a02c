/** Counts by name: statuses, mostly. */
export type Counts = Record<string, number>;

/** Adds one to the count of a name. */
export function countIn(counts: Counts, name: string): void {
  counts[name] = (counts[name] ?? 0) + 1;
}

/** Returns the value below which this share of the values is. */
export function quantileOf(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
}
