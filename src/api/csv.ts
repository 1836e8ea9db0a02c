/**
 * Spreadsheets run a cell that starts like this as a formula, and anyone can write the text in it (OWASP, CSV
 * injection). The full-width signs do the same in some locales.
 */
const FORMULA = /^[=+\-@\t\r\n＝＋－＠]/;
/** A negative number starts like a formula but is harmless. */
const NUMBER = /^-?\d+(\.\d+)?$/;
const NEEDS_QUOTES = /[",\r\n]/;

/** Returns one CSV line (RFC 4180) with its line break. Prefixes `'` to cells that look like a formula, but not to numbers. */
export function csvLine(cells: readonly (string | null)[]): string {
  return `${cells.map((cell) => csvCell(cell ?? '')).join(',')}\r\n`;
}

function csvCell(text: string): string {
  const safe = FORMULA.test(text) && !NUMBER.test(text) ? `'${text}` : text;
  return NEEDS_QUOTES.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
