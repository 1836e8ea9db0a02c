import { isUtf8 } from 'node:buffer';
import { ApiError } from '../../api/errors.ts';
import { parseKeepingDigits } from '../../lib/exact-json.ts';
import { TASK_MS } from '../../limits/loop-share.ts';
import type { MaybePromise } from '../../limits/maybe-promise.ts';
import { type Outline, type OutlineBounds, scanOutline, startScan } from './outline.ts';

/** Larger bodies are scanned first. Whatever a smaller one holds, `JSON.parse` takes about 2 ms. */
export const WHOLE_PARSE_BYTES_MAX = 64 * 1024;

/** A larger one with no more values and bytes than this is parsed whole after all, which takes about as long. */
const WHOLE_PARSE_VALUES_MAX = 16_384;
const SCANNED_WHOLE_PARSE_BYTES_MAX = 512 * 1024;

const SCAN_BYTES = 1024 * 1024;

/** Runs one piece of work when it is its turn. */
export type Run = <T>(task: () => T) => MaybePromise<T>;

/**
 * Returns the value of a JSON text as `JSON.parse` does, without blocking the event loop for long; `digitsOf` has the long
 * numbers in it. Throws ApiError.
 */
export async function parseJson(bytes: Buffer, run: Run, bounds?: ParseBounds): Promise<unknown> {
  return bytes.length <= WHOLE_PARSE_BYTES_MAX
    ? run(() => parseSmall(bytes, bounds))
    : parseLarge(bytes, run, bounds);
}

/** Returns the value of a JSON text of at most `WHOLE_PARSE_BYTES_MAX` bytes. Throws ApiError. */
export function parseSmall(body: Buffer, bounds?: ParseBounds): unknown {
  const bytes = withoutByteOrderMark(body);
  if (bytes.length === 0) throw malformed('The body is empty; send a JSON object.');
  if (!bounds?.isLenient) requireUtf8(bytes);
  return parsePart(bytes, 0, bytes.length, 'The body');
}

/**
 * Bounds of a text. If it is lenient, U+FFFD takes the place of what is not UTF-8, and null that of elements that a scan marks.
 * `wholeValuesMax`: values above which a large text is parsed element by element.
 */
export type ParseBounds = OutlineBounds & { wholeValuesMax?: number };

/** Returns the same for a large text. Scans it first and throws 413 if it is beyond the bounds of `scanOutline`. */
export async function parseLarge(
  body: Buffer,
  run: Run,
  { wholeValuesMax = WHOLE_PARSE_VALUES_MAX, ...bounds }: ParseBounds = {},
): Promise<unknown> {
  const bytes = withoutByteOrderMark(body);
  const scan = startScan(bounds);
  while (scan.at < bytes.length) {
    await run(() => scanOutline(scan, bytes, Math.min(bytes.length, scan.at + SCAN_BYTES)));
  }
  const isFast = scan.bodyValues <= wholeValuesMax && bytes.length <= SCANNED_WHOLE_PARSE_BYTES_MAX;
  if (isFast && scan.unreadable.size === 0) return run(() => parseSmall(bytes, bounds));
  if (scan.list) throw malformed('The body is not valid JSON: a list in it does not end.');
  if (!bounds.isLenient) await run(() => requireUtf8(bytes));
  const values: unknown[][] = [];
  for (const positions of scan.lists) values.push(await parseList(bytes, positions, scan, run));
  return run(() => fillLists(parseOuter(bytes, scan.lists), values));
}

const BYTE_ORDER_MARK = Buffer.from('\ufeff');

/** Returns the text without the mark that some editors and platforms put first. Parsers may ignore it (RFC 8259 §8.1). */
const withoutByteOrderMark = (bytes: Buffer) =>
  bytes.subarray(0, BYTE_ORDER_MARK.length).equals(BYTE_ORDER_MARK)
    ? bytes.subarray(BYTE_ORDER_MARK.length)
    : bytes;

async function parseList(
  bytes: Buffer,
  positions: readonly number[],
  { unreadable }: Outline,
  run: Run,
): Promise<unknown[]> {
  const items: unknown[] = [];
  const count = positions.length - 1;
  if (count === 1 && isBlank(bytes, positions)) return items;
  while (items.length < count) {
    await run(() => {
      const stopAt = performance.now() + TASK_MS;
      do {
        const index = items.length;
        const start = startOf(positions, index);
        const isReadable = !unreadable.has(start - 1);
        items.push(isReadable ? parsePart(bytes, start, endOf(positions, index), `Element ${index}`) : null);
      } while (items.length < count && performance.now() < stopAt);
    });
  }
  return items;
}

const startOf = (positions: readonly number[], index: number) => (positions[index] ?? 0) + 1;
const endOf = (positions: readonly number[], index: number) => positions[index + 1] ?? 0;

function isBlank(bytes: Buffer, positions: readonly number[]): boolean {
  return /^[ \t\r\n]*$/.test(bytes.toString('latin1', startOf(positions, 0), endOf(positions, 0)));
}

/** Parses everything but the lists' elements, with the index of each list in their place. */
function parseOuter(bytes: Buffer, lists: readonly number[][]): unknown {
  const parts: string[] = [];
  let from = 0;
  for (const [index, positions] of lists.entries()) {
    parts.push(bytes.toString('utf8', from, startOf(positions, 0)), String(index));
    from = positions.at(-1) ?? from;
  }
  parts.push(bytes.toString('utf8', from));
  return parseText(parts.join(''), 'The body');
}

/** Puts the lists where `parseOuter` left their indexes: every list in the outermost object, or that in its place. */
function fillLists(outer: unknown, lists: readonly unknown[][]): unknown {
  if (Array.isArray(outer)) return lists[outer[0]];
  if (typeof outer !== 'object' || outer === null) return outer;
  for (const [name, value] of Object.entries(outer)) {
    if (!Array.isArray(value)) continue;
    // Not an assignment, which a member called `__proto__` would turn into another prototype.
    Object.defineProperty(outer, name, {
      value: lists[value[0]],
      writable: true,
      enumerable: true,
      configurable: true,
    });
  }
  return outer;
}

function parsePart(bytes: Buffer, start: number, end: number, name: string): unknown {
  return parseText(bytes.toString('utf8', start, end), name);
}

function parseText(text: string, name: string): unknown {
  try {
    return parseKeepingDigits(text);
  } catch (error) {
    // The parser's message quotes at most a few characters of the caller's own text back to the caller.
    const reason = error instanceof Error ? error.message : 'unreadable';
    throw malformed(`${name} is not valid JSON: ${reason}.`);
  }
}

function requireUtf8(bytes: Buffer): void {
  if (!isUtf8(bytes)) throw new ApiError('invalid_encoding', { detail: 'The body is not valid UTF-8.' });
}

const malformed = (detail: string) => new ApiError('malformed_json', { detail });
