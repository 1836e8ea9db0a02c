/** Control and formatting characters. Text from users must not move the cursor or reverse the text direction. */
const INVISIBLE = /[\p{Cc}\p{Cf}\u2028\u2029]/gu;

const toVisible = (character: string) =>
  `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`;

/** Returns rows as aligned columns for a terminal, one line per row. The last column is not padded. */
export function renderTable(rows: readonly (readonly string[])[]): string {
  const cells = rows.map((row) => row.map((cell) => cell.replaceAll(INVISIBLE, toVisible)));
  const columns = Math.max(0, ...cells.map(({ length }) => length)) - 1;
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...cells.map((row) => row[column]?.length ?? 0)),
  );
  return cells
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
