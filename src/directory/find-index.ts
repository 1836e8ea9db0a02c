/** A list that is read by position. An array is one. */
export type Rows<T> = Pick<readonly T[], 'length' | 'at'>;

/** Returns the index of the first record whose id is not less than `id`, in a list in the order of ids. */
export function findIndexFrom(rows: Rows<{ id: string }>, id: string): number {
  let [low, high] = [0, rows.length];
  // New ids are the highest: most records are appended.
  if ((rows.at(-1)?.id ?? '') < id) return high;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((rows.at(middle)?.id ?? '') < id) low = middle + 1;
    else high = middle;
  }
  return low;
}
