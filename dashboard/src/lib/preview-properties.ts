const SHOWN_MAX = 4;
const VALUE_CHARACTERS_MAX = 40;

/** Returns an event's first properties on one line: `screen: home · depth: 3`. Always plain text. */
export function previewProperties(properties: Readonly<Record<string, unknown>>): string {
  const entries = Object.entries(properties);
  const shown = entries.slice(0, SHOWN_MAX).map(([name, value]) => `${name}: ${shorten(textOf(value))}`);
  const hidden = entries.length - shown.length;
  return [...shown, ...(hidden > 0 ? [`${hidden} more`] : [])].join(' · ');
}

const textOf = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value));

function shorten(text: string): string {
  const characters = [...text];
  return characters.length <= VALUE_CHARACTERS_MAX
    ? text
    : `${characters.slice(0, VALUE_CHARACTERS_MAX - 1).join('')}…`;
}
