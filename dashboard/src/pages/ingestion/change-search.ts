/** Returns search parameters with some of them changed, or removed where the new value is undefined. */
export const changeSearch = <Search extends object>(
  before: Search,
  changes: Readonly<Record<string, string | undefined>>,
): Search => ({ ...before, ...changes });
