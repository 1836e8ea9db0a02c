// The dashboard imports it too: nothing here may import a library.

/** Events whose property has this value. The name may contain any character, and may be empty. */
export type PropertyFilter = { name: string; value: string };

/**
 * The name in NAME:VALUE, as a regular expression without its end: `\:` is a colon of the name, and `\\` a backslash.
 * Any other backslash means itself.
 */
const NAME = String.raw`(?:[^:\\]|\\[:\\]|\\(?![:\\]))`;

/** Returns the JSON Schema pattern of NAME:VALUE, for names of up to `characters`. */
export function propertyPattern(characters: number): string {
  return `^${NAME}{0,${characters}}:`;
}

const PARTS = new RegExp(`^(${NAME}*):(.*)$`, 's');

/** Returns the name and value of NAME:VALUE; undefined if the text has another form. */
export function parsePropertyFilter(text: string): PropertyFilter | undefined {
  const [, name, value] = PARTS.exec(text) ?? [];
  if (name === undefined || value === undefined) return undefined;
  return { name: name.replaceAll(/\\([:\\])/g, '$1'), value };
}

/** Returns a filter as NAME:VALUE, which `parsePropertyFilter` reads. */
export function renderPropertyFilter({ name, value }: PropertyFilter): string {
  return `${name.replaceAll(/[:\\]/g, '\\$&')}:${value}`;
}
