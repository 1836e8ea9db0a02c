/** A reviver's third argument, which the compiler's library does not know yet (ECMAScript, JSON.parse source text access). */
type Context = { source?: string };
type Reviver = (this: object, key: string, value: unknown, context: Context) => unknown;
type ExactJson = {
  parse: (text: string, reviver?: Reviver) => unknown;
  rawJSON: (text: string) => object;
};

const { parse, rawJSON } = JSON as unknown as ExactJson;

/** 16 digits, or 15 and a point: a double carries fewer exactly. Written out, so that the engine skips most of a text. */
const LONG_RUN = new RegExp('[\\d.]'.repeat(16));
/** A long number where a value can be; may also match inside a string, which only costs time. */
const LONG_NUMBERS = /[[:,]\s*(-?\d[\d.]{15,}(?:[eE][-+]?\d+)?)/g;
const DECIMAL = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([-+]?\d+))?$/;
const ZERO = 48;

/**
 * The text of numbers that a double cannot carry, by the object or list they are in and their name there. Objects that
 * only contain such an object, at any depth, are in it too.
 */
const digits = new WeakMap<object, Map<string, string>>();

/**
 * Returns the same as `JSON.parse`. If that changes the digits of a number, `digitsOf` returns them. A text without a long
 * number only costs one search.
 */
export function parseKeepingDigits(text: string): unknown {
  if (!hasInexactNumber(text)) return parse(text);
  try {
    return parse(text, recordDigits);
  } catch (error) {
    // With a reviver, thousands of nested brackets overflow the stack; without one they do not.
    if (error instanceof RangeError) return parse(text);
    throw error;
  }
}

/** Returns the same as `JSON.parse`, for `JSON.stringify` alone: it writes each long number with all of its digits. */
export function parseToRewrite(text: string): unknown {
  if (!hasInexactNumber(text)) return parse(text);
  return parse(text, (_key, value, { source }) =>
    typeof value === 'number' && source !== undefined && !isExact(source)
      ? rawJSON(fromEngineNumber(source))
      : value,
  );
}

/** Returns the same as `JSON.stringify`, with all digits of the numbers that `digitsOf` knows. */
export function stringifyKeepingDigits(value: object): string {
  return JSON.stringify(value, writeDigits);
}

function writeDigits(this: object, key: string, value: unknown): unknown {
  const text = typeof value === 'number' ? digitsOf(this, key) : undefined;
  return text === undefined ? value : rawJSON(text);
}

/** Returns the text of the number `key` of an object or list as it was sent; undefined if its double is the same number. */
export function digitsOf(holder: object, key: string): string | undefined {
  return digits.get(holder)?.get(key);
}

/** Whether an object or list contains, at any depth, a number that has `digitsOf`. */
export function hasDigits(holder: object): boolean {
  return digits.has(holder);
}

/** Copies what `digitsOf` returns from one object to a copy of it, except for members that the copy has replaced. */
export function copyDigits(from: object, to: object): void {
  const known = digits.get(from);
  if (!known) return;
  const copied = mark(to);
  for (const [name, value] of Object.entries(to)) {
    const text = known.get(name);
    if (text !== undefined && value === Reflect.get(from, name)) copied.set(name, text);
  }
}

/** Lets an object count as one that contains an object with `digitsOf`. */
export function markDigits(holder: object): void {
  mark(holder);
}

/** The event store's parser rejects a whole text with an integer beyond 64 bits, unless it has an exponent. */
const ENGINE_EXPONENT = 'e0';
const INT64_MIN = -(2n ** 63n);
const UINT64_MAX = 2n ** 64n - 1n;
const DIGITS_MAX = 20;

/** Returns the text of a JSON number as the event store can read it: the same digits, with an exponent beyond 64 bits. */
export function toEngineNumber(source: string): string {
  return /^-?\d+$/.test(source) && !fitsIn64Bits(source) ? source + ENGINE_EXPONENT : source;
}

/** Returns the text of a number as it was before `toEngineNumber`. */
export function fromEngineNumber(stored: string): string {
  return stored.endsWith(ENGINE_EXPONENT) ? stored.slice(0, -ENGINE_EXPONENT.length) : stored;
}

function fitsIn64Bits(integer: string): boolean {
  // Long texts first: parsing one of a megabyte takes seconds.
  if (integer.length > DIGITS_MAX) return false;
  const value = BigInt(integer);
  return value >= INT64_MIN && value <= UINT64_MAX;
}

function hasInexactNumber(text: string): boolean {
  if (!LONG_RUN.test(text)) return false;
  for (const [, number = ''] of text.matchAll(LONG_NUMBERS)) if (!isExact(number)) return true;
  return false;
}

function recordDigits(this: object, key: string, value: unknown, { source }: Context): unknown {
  if (typeof value === 'number') {
    if (source !== undefined && !isExact(source)) mark(this).set(key, source);
  } else if (typeof value === 'object' && value !== null && digits.has(value)) {
    mark(this);
  }
  return value;
}

function mark(holder: object): Map<string, string> {
  const known = digits.get(holder);
  if (known) return known;
  const created = new Map<string, string>();
  digits.set(holder, created);
  return created;
}

/**
 * Whether the double of a number is printed as the same decimal. 9.9900000000000002 counts as well: programs that print
 * every double with 17 digits mean 9.99.
 */
function isExact(source: string): boolean {
  if (source.length < 16) return true;
  const double = Number(source);
  const sent = normalize(source);
  if (sent === undefined || sent === normalize(String(double))) return true;
  return !/^-?\d+$/.test(source) && sent === normalize(double.toPrecision(17));
}

/** Returns a decimal as its digits without zeros around them and an exponent; undefined if it is none. */
function normalize(text: string): string | undefined {
  const [found, sign = '', whole = '', fraction = '', exponent = '0'] = DECIMAL.exec(text) ?? [];
  if (found === undefined) return undefined;
  const all = whole + fraction;
  // Loops, not /0+$/, which takes quadratic time on long runs of zeros.
  let start = 0;
  while (start < all.length && all.charCodeAt(start) === ZERO) start += 1;
  let end = all.length;
  while (end > start && all.charCodeAt(end - 1) === ZERO) end -= 1;
  if (start === end) return '0';
  return `${sign}${all.slice(start, end)}e${Number(exponent) + all.length - end - fraction.length}`;
}
