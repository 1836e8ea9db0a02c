import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type CsvError, parse } from 'csv-parse';
import type { Row } from './row.ts';

/** As a line of JSON, see lines.ts. */
const RECORD_CHARACTERS_MAX = 1024 * 1024;
/** A quote that is never closed must not fill memory. */
const PARSED_BYTES_MAX = 16 * 1024 * 1024;
const LINE_BREAK = /\r\n|\n|\r/g;
/** The parser counts this one twice within quotes. */
const WINDOWS_BREAK = /\r\n/g;
/** What ClickHouse and PostgreSQL write for NULL. */
const NULL_TEXT = String.raw`\N`;

/**
 * Reads the rows of CSV with names in its first line, and rejects records with misplaced quotes. Such a record may include the lines up
 * to the next quote. Throws at a record above 16 MiB, since where the next one begins is unknown.
 */
export async function* readCsvRows(chunks: AsyncIterable<Buffer>): AsyncGenerator<Row> {
  const records = createRecordReader();
  const parser = parse({
    bom: true,
    cast: (value, { header, quoting }) => (value === NULL_TEXT && !quoting && !header ? undefined : value),
    columns: true,
    max_record_size: PARSED_BYTES_MAX,
    on_record: (record: CsvRecord, { lines }) => records.read(record, lines),
    on_skip: (error) => {
      if (error) records.skip(error);
    },
    relax_column_count: true,
    skip_empty_lines: true,
    skip_records_with_error: true,
  });
  // Errors of the source and of the parser reach the loop through the parser.
  pipeline(Readable.from(chunks), parser).catch(() => undefined);
  for await (const rows of parser as AsyncIterable<Row[]>) yield* rows;
  yield* records.takeSkipped();
}

type CsvRecord = Record<string, string | undefined>;

/** Returns what turns records and mistakes into rows, in order. */
function createRecordReader() {
  let doneLine = 1;
  let surplus = 0;
  let skipped: Row[] = [];

  function takeSkipped(): Row[] {
    const taken = skipped;
    skipped = [];
    return taken;
  }

  return {
    takeSkipped,
    /** Returns the row of a record that ends in line `lines`, after the mistakes before it. */
    read(record: CsvRecord, lines: number): Row[] {
      let line = lines - surplus;
      if (line !== doneLine + 1) {
        surplus += countMatches(record, WINDOWS_BREAK);
        line = lines - surplus - countMatches(record, LINE_BREAK);
      }
      doneLine = lines - surplus;
      const row: Row = isTooLong(record)
        ? { line, code: 'invalid_csv', mistake: 'The record is longer than 1 MiB.' }
        : { line, doneLine, value: record };
      return [...takeSkipped(), row];
    },
    skip(error: CsvError): void {
      const { code, lines } = error as CsvError & { lines: number };
      const [first, last] = [doneLine + 1, lines - surplus];
      if (code === 'CSV_MAX_RECORD_SIZE')
        throw new Error(
          `The CSV is not valid. The record in line ${first} is longer than 16 MiB. Is a quote in it never closed?`,
          { cause: error },
        );
      const isOpen = code === 'CSV_QUOTE_NOT_CLOSED';
      // One record may have several misplaced quotes.
      if (!isOpen && last <= doneLine) return;
      doneLine = last;
      skipped.push({
        line: isOpen ? first : last,
        code: 'invalid_csv',
        mistake: isOpen
          ? 'A quote is never closed, so the rest of the file was not read.'
          : 'A quote is in the wrong place. Quote whole fields, and double the quotes in them.',
      });
    },
  };
}

const countMatches = (record: CsvRecord, pattern: RegExp): number =>
  Object.values(record).reduce((sum, value) => sum + (value?.match(pattern)?.length ?? 0), 0);

function isTooLong(record: CsvRecord): boolean {
  const length = Object.values(record).reduce((sum, value) => sum + (value?.length ?? 0), 0);
  return length > RECORD_CHARACTERS_MAX;
}
