import { messageOf } from '../../lib/errors.ts';
import { parseKeepingDigits } from '../../lib/exact-json.ts';
import { toFields } from '../../sdk/mapping/event-parts.ts';
import { readCsvRows } from './csv-rows.ts';
import { splitLines } from './lines.ts';
import type { Row } from './row.ts';

const BYTE_ORDER_MARK = '\u{feff}';
const HEAD_CHARACTERS = 4;
/** A file may begin with blank lines, but not with nothing else. */
const HEAD_BYTES_MAX = 64 * 1024;
const JSON_START = /^[[{]/;

/** Files that have no lines, by their first bytes, and what to do about them. */
const OTHER_FILES = [
  ['PK\u0003\u0004', 'The file is a zip archive. Unzip it, and import the files in it.'],
  ['PAR1', 'The file is in the format Parquet. Export JSON lines or CSV instead.'],
] as const;

/**
 * Reads the rows of JSON lines or of CSV with names in its first line, whichever it is. A line of JSON may also be a list of rows, or an
 * answer of an API with a list in `results` or `data`, if it is on one line. Throws for other files and what `readCsvRows` throws.
 */
export async function* readRows(chunks: AsyncIterable<Buffer>): AsyncGenerator<Row> {
  const { head, all } = await peek(chunks);
  for (const [magic, fix] of OTHER_FILES) if (head.startsWith(magic)) throw new Error(fix);
  yield* JSON_START.test(head) || head === '' ? readJsonLines(all) : readCsvRows(all);
}

/** Returns the first characters after spaces, at least as many as `OTHER_FILES` needs, and all bytes again. */
async function peek(chunks: AsyncIterable<Buffer>): Promise<{ head: string; all: AsyncGenerator<Buffer> }> {
  const iterator = chunks[Symbol.asyncIterator]();
  let read = Buffer.alloc(0);
  let head = '';
  let isDone = false;
  while (head.length < HEAD_CHARACTERS && read.length < HEAD_BYTES_MAX && !isDone) {
    const next = await iterator.next();
    isDone = next.done === true;
    if (!next.done) read = Buffer.concat([read, next.value]);
    head = read.toString('utf8').replace(BYTE_ORDER_MARK, '').trimStart();
  }
  async function* readAll(): AsyncGenerator<Buffer> {
    yield read;
    if (!isDone) yield* { [Symbol.asyncIterator]: () => iterator };
  }
  return { head, all: readAll() };
}

async function* readJsonLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<Row> {
  for await (const line of splitLines(chunks)) {
    const { number } = line;
    const read = 'mistake' in line ? line : parseJson(line.text);
    if ('mistake' in read) {
      yield { line: number, code: 'invalid_json', mistake: read.mistake };
      continue;
    }
    const values = listValues(read.value);
    for (const [index, value] of values.entries())
      yield { line: number, doneLine: index === values.length - 1 ? number : number - 1, value };
  }
}

function parseJson(text: string): { value: unknown } | { mistake: string } {
  try {
    return { value: parseKeepingDigits(text) };
  } catch (error) {
    return { mistake: messageOf(error) };
  }
}

function listValues(value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  const { results, data } = toFields(value);
  const list = Array.isArray(results) ? results : data;
  return Array.isArray(list) ? list : [value];
}
