/** Returns the items of a comma-separated list, appended to those of earlier uses of the option. */
export function parseList(text: string, before: readonly string[] = []): string[] {
  return [...before, ...text.split(',').map((part) => part.trim())];
}
