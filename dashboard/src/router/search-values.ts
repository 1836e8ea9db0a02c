/** Returns the named search parameters that are strings. Absent, empty and other values are left out. */
export function pickText<const Name extends string>(
  search: Readonly<Record<string, unknown>>,
  ...names: Name[]
): { [Key in Name]?: string } {
  const found: { [Key in Name]?: string } = {};
  for (const name of names) {
    const value = search[name];
    // The router parses `?q=42` as a number.
    if (typeof value === 'number' || typeof value === 'boolean') found[name] = String(value);
    if (typeof value === 'string' && value !== '') found[name] = value;
  }
  return found;
}

/** Returns the named search parameters that are strings or lists of strings, each as a list without duplicates. */
export function pickTexts<const Name extends string>(
  search: Readonly<Record<string, unknown>>,
  ...names: Name[]
): { [Key in Name]?: string[] } {
  const found: { [Key in Name]?: string[] } = {};
  for (const name of names) {
    const value = search[name];
    const items: unknown[] = Array.isArray(value) ? value : [value];
    const texts = items.flatMap((item) => Object.values(pickText({ item }, 'item')));
    if (texts.length > 0) found[name] = [...new Set(texts)];
  }
  return found;
}
