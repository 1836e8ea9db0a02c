import type { ErrorCode } from '../api/error-code.ts';
import { AppflowError } from '../api/errors.ts';
import type { ExportFormat } from '../api/list.ts';
import { readText } from '../http/read-text.ts';
import type { Caller, CallInput, CallOptions } from './call.ts';
import type { OperationName } from './operations.ts';

/** What the last line of an export says: how many items there were, or why it was interrupted. */
type LastLine = { end?: { count: number }; error?: { code: ErrorCode; message: string } };

/** Requests an export of everything that matches the filter and reads it as `readExport` does. */
export function openExport(
  open: Caller['open'],
  name: OperationName,
  format: ExportFormat,
  filter: NonNullable<CallInput['query']>,
  options: CallOptions | undefined,
): AsyncGenerator<string, void, undefined> {
  const query = { ...filter, format, include_end: true };
  return readExport(() => open(name, { query, options }), format, options?.signal);
}

/**
 * Yields the lines of an export that was requested with `include_end`, one or more per chunk, without its last one. Throws
 * AppflowError if that line is missing, has another count or is an error: some proxies end a broken response as if it were
 * complete. Throws the signal's reason if it aborts.
 */
export async function* readExport(
  open: () => Promise<Response>,
  format: ExportFormat,
  signal: AbortSignal | undefined,
): AsyncGenerator<string, void, undefined> {
  const lines = createLineSplitter(format);
  try {
    for await (const chunk of readText(open, signal)) {
      const whole = lines.add(chunk);
      if (whole !== '') yield whole;
    }
  } catch (cause) {
    if (signal?.aborted || cause instanceof AppflowError) throw cause;
    throw toError(parseLastLine(lines.last(), format), cause);
  }
  const last = parseLastLine(lines.last(), format);
  // The header of a CSV file is no item.
  if (last.end?.count === lines.count() - (format === 'csv' ? 1 : 0)) return;
  if (last.end === undefined && last.error === undefined && lines.last() !== '') yield lines.last();
  throw toError(last);
}

function toError({ error }: LastLine, cause?: unknown): AppflowError {
  if (error) return new AppflowError(error.message, { code: error.code, status: 200, cause });
  const message = 'The export is incomplete. Try again.';
  return new AppflowError(message, { code: 'network_error', status: 200, cause });
}

const CSV_END = /^end: (\d+)\r\n$/;
/** A single cell, quoted or not: an item has more. */
const CSV_ERROR = /^(?:error: (\w+): ([^",]*)|"error: (\w+): ((?:[^"]|"")*)")\r\n$/;

function parseLastLine(line: string, format: ExportFormat): LastLine {
  if (format === 'csv') return parseLastRow(line);
  try {
    return JSON.parse(line) as LastLine;
  } catch {
    return {};
  }
}

function parseLastRow(row: string): LastLine {
  const [, count] = CSV_END.exec(row) ?? [];
  if (count !== undefined) return { end: { count: Number(count) } };
  const [, plainCode, plain, quotedCode, quoted = ''] = CSV_ERROR.exec(row) ?? [];
  const code = (plainCode ?? quotedCode) as ErrorCode | undefined;
  return code === undefined ? {} : { error: { code, message: plain ?? quoted.replaceAll('""', '"') } };
}

/** Splits chunks into lines and keeps the last one. */
function createLineSplitter(format: ExportFormat) {
  const findLineEnds = createLineEndFinder(format);
  let held = '';
  let isWhole = false;
  let count = 0;

  /** Returns the lines before the last one so far. */
  function add(chunk: string): string {
    if (chunk === '') return '';
    const starts = findLineEnds(chunk).map((at) => held.length + at);
    if (isWhole) starts.unshift(held.length);
    const text = held + chunk;
    isWhole = starts.at(-1) === text.length;
    if (isWhole) starts.pop();
    const from = starts.at(-1) ?? 0;
    count += starts.length;
    held = text.slice(from);
    return text.slice(0, from);
  }

  /** `last` returns the last line, empty unless it is whole; `count` the number of lines before it. */
  return { add, last: () => (isWhole ? held : ''), count: () => count };
}

/** Returns what finds the ends of lines in successive chunks. A line break within a quoted cell of CSV is none. */
function createLineEndFinder(format: ExportFormat): (chunk: string) => number[] {
  const marks = format === 'csv' ? /["\n]/g : /\n/g;
  let isQuoted = false;
  return (chunk) => {
    const ends: number[] = [];
    for (const { 0: mark, index } of chunk.matchAll(marks)) {
      if (mark === '"') isQuoted = !isQuoted;
      else if (!isQuoted) ends.push(index + 1);
    }
    return ends;
  };
}
