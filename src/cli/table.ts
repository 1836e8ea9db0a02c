/** Control and formatting characters: what a name or a diff holds must not move the cursor or turn the text around. */
const INVISIBLE = /[\p{Cc}\p{Cf}\u2028\u2029]/gu;

const toVisible = (character: string) =>
  `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`;

/** Returns rows as aligned columns for a terminal, a line each; the last column has whatever width it needs. */
export function renderTable(rows: readonly (readonly string[])[]): string {
  const shown = rows.map((row) => row.map((cell) => cell.replaceAll(INVISIBLE, toVisible)));
  const columns = Math.max(0, ...shown.map(({ length }) => length)) - 1;
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...shown.map((row) => row[column]?.length ?? 0)),
  );
  return shown
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
