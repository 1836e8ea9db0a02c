/** Returns a number with the noun in the right form: `1 event`, `2 events`. */
export const count = (value: number, one: string, many = `${one}s`): string =>
  `${value} ${value === 1 ? one : many}`;
