const SPECIAL = /[\t\n\\]/;
const ESCAPES: Record<string, string> = { '\t': '\\t', '\n': '\\n', '\\': '\\\\' };

/** Returns values as a line of the engine's TabSeparated format, without the line break. */
export function toTsvLine(values: readonly (string | number)[]): string {
  let line = '';
  for (const [index, value] of values.entries()) {
    if (index > 0) line += '\t';
    line += typeof value === 'string' && SPECIAL.test(value) ? escapeSpecial(value) : value;
  }
  return line;
}

const escapeSpecial = (value: string): string =>
  value.replaceAll(/[\t\n\\]/g, (found) => ESCAPES[found] ?? found);
