type Value = string | number | boolean | null | undefined | readonly (string | number)[];

/** Returns the query that says these values, `?` included; lists are repeated, what is undefined is left out. */
export function formatQuery(values: Readonly<Record<string, Value>> = {}): string {
  // Not URLSearchParams: React Native's cannot be relied on.
  const pairs = Object.entries(values).flatMap(([name, value]) =>
    [value]
      .flat()
      .filter((each) => each !== undefined && each !== null)
      .map((each) => `${encodeURIComponent(name)}=${encodeURIComponent(String(each))}`),
  );
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`;
}
