const DECIMAL = /^-?\d+(?:\.\d+)?$/;
// Amounts that are already normalized: nearly all of them, so this is tried first.
const NORMALIZED = /^-?(?:[1-9]\d{0,17}(?:\.\d{0,5}[1-9])?|0\.\d{0,5}[1-9])$/;
const INTEGER_DIGITS_MAX = 18;
const SCALE_MAX = 6;
const ZERO = 48;

/**
 * Returns an exact amount as a decimal string without redundant zeros ("9.99", "0", "-5"). Accepts numbers and decimal
 * strings (no `+`, exponent or spaces) with at most 18 integer digits and 6 decimals; undefined for anything else.
 * Redundant zeros do not count: "9.9900000" is 9.99.
 */
export function parseRevenue(value: unknown): string | undefined {
  // A number stands for its shortest decimal. If that has an exponent (from 1e21, below 1e-6), it exceeds a limit
  // anyway, so DECIMAL rejects it as it is; Infinity (JSON 1e999) likewise.
  const text = typeof value === 'number' ? String(value) : value;
  if (typeof text !== 'string') return undefined;
  if (NORMALIZED.test(text)) return text;
  return DECIMAL.test(text) ? normalize(text) : undefined;
}

function normalize(text: string): string | undefined {
  const isNegative = text.startsWith('-');
  const point = text.indexOf('.');
  const integerEnd = point === -1 ? text.length : point;
  // Loops, not /0+$/: that pattern takes quadratic time on long runs of zeros, and the sender controls the text.
  let start = isNegative ? 1 : 0;
  while (start < integerEnd - 1 && text.charCodeAt(start) === ZERO) start += 1;
  let end = text.length;
  while (end > integerEnd && text.charCodeAt(end - 1) === ZERO) end -= 1;
  const isWhole = end <= integerEnd + 1;
  const scale = isWhole ? 0 : end - integerEnd - 1;
  if (integerEnd - start > INTEGER_DIGITS_MAX || scale > SCALE_MAX) return undefined;
  const amount = text.slice(start, isWhole ? integerEnd : end);
  return isNegative && amount !== '0' ? `-${amount}` : amount;
}
