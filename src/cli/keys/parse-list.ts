/** Returns the parts of a comma-separated list, after those of the same option given before. */
export function parseList(text: string, before: readonly string[] = []): string[] {
  return [...before, ...text.split(',').map((part) => part.trim())];
}
