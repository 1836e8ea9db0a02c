/**
 * Spreadsheets run a cell that starts like this as a formula, and anyone can write the text in it (OWASP, CSV injection).
 * The full-width signs do the same in some locales; white space and characters without a glyph may be dropped.
 */
const FORMULA = /^(?:[\t\r\n\0]|[\s\p{Cc}\p{Cf}]*[=+\-@＝＋－＠])/u;
/** Some spreadsheets split at these instead of commas, inside quotes too: what follows is the start of a cell to them. */
const SEPARATOR = /[;\t\r\n]/;
const FORMULA_AFTER_SEPARATOR =
  /([;\t\r\n])(?=[[\s\p{Cc}\p{Cf}"]--[\t\r\n]]*[=+\-@＝＋－＠])(?!-\d+(?:\.\d+)?(?:[;\t\r\n]|$))/gv;
/** A negative number starts like a formula but is harmless. */
const NUMBER = /^-?\d+(\.\d+)?$/;
const NEEDS_QUOTES = /[",\r\n]/;

/**
 * Returns one CSV line (RFC 4180) with its line break. Puts `'` before what looks like a formula but is no number, at the
 * start of a cell and after a separator in it.
 */
export function csvLine(cells: readonly (string | null)[]): string {
  return `${cells.map((cell) => csvCell(cell ?? '')).join(',')}\r\n`;
}

function csvCell(text: string): string {
  const inner = SEPARATOR.test(text) ? text.replaceAll(FORMULA_AFTER_SEPARATOR, "$1'") : text;
  const safe = FORMULA.test(text) && !NUMBER.test(text) ? `'${inner}` : inner;
  return NEEDS_QUOTES.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
