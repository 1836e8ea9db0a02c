/**
 * What a spreadsheet takes for a formula: a cell that begins so could run what a stranger wrote (OWASP, CSV injection).
 * The full-width signs count where the spreadsheet's language writes them.
 */
const FORMULA = /^[=+\-@\t\r\n＝＋－＠]/;
/** Begins like a formula when it is below zero, and is none. */
const NUMBER = /^-?\d+(\.\d+)?$/;
const NEEDS_QUOTES = /[",\r\n]/;

/** Returns one CSV line (RFC 4180) with its line end. A cell that looks like a formula, and is no number, gets a `'` in front. */
export function csvLine(cells: readonly (string | null)[]): string {
  return `${cells.map((cell) => csvCell(cell ?? '')).join(',')}\r\n`;
}

function csvCell(text: string): string {
  const safe = FORMULA.test(text) && !NUMBER.test(text) ? `'${text}` : text;
  return NEEDS_QUOTES.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
