/** Compares two texts by their UTF-16 code units, for `sort`: negative, 0 or positive. */
export const compareText = (one: string, other: string): number => (one < other ? -1 : Number(one > other));
