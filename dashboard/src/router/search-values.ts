/** Returns the named members of a URL's query that are texts; what is absent, empty or no text is left out. */
export function textIn<const Name extends string>(
  search: Readonly<Record<string, unknown>>,
  ...names: Name[]
): { [Key in Name]?: string } {
  const found: { [Key in Name]?: string } = {};
  for (const name of names) {
    const value = search[name];
    // The router reads `?q=42` as a number.
    if (typeof value === 'number' || typeof value === 'boolean') found[name] = String(value);
    if (typeof value === 'string' && value !== '') found[name] = value;
  }
  return found;
}

/** Returns the named members of a URL's query that are texts or lists of texts, each as a list without repetitions. */
export function textsIn<const Name extends string>(
  search: Readonly<Record<string, unknown>>,
  ...names: Name[]
): { [Key in Name]?: string[] } {
  const found: { [Key in Name]?: string[] } = {};
  for (const name of names) {
    const value = search[name];
    const items: unknown[] = Array.isArray(value) ? value : [value];
    const texts = items.flatMap((item) => Object.values(textIn({ item }, 'item')));
    if (texts.length > 0) found[name] = [...new Set(texts)];
  }
  return found;
}
