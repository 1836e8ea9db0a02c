import { Type } from 'typebox';
import { csvLine } from './csv.ts';
import { EXPORT_TYPES } from './streamed.ts';

/** A format of an export. */
export type ExportFormat = keyof typeof EXPORT_TYPES;

/** The formats of an export, for the schema of a `format` parameter. */
export const EXPORT_FORMATS = ['ndjson', 'csv'] as const satisfies readonly ExportFormat[];

/** Describes the `format` parameter of an export. */
export const EXPORT_FORMAT_HELP =
  '`ndjson`: newline-delimited JSON (default). `csv`: a table with a header row, safe to open in a spreadsheet.';

/** How the items of an export are written: as JSON, and as the cells of these CSV columns. */
export type ExportLayout<T> = {
  columns: readonly string[];
  toJson: (item: T) => unknown;
  toCells: (item: T) => readonly (string | null)[];
};

/** Rendered in one go; between two chunks other requests get their turn. */
const ITEMS_PER_CHUNK = 200;

/** The query parameter of an export that asks for an end line. */
export const INCLUDE_END = Type.Optional(
  Type.Boolean({
    description:
      'Ends a complete export with a line of its own: `{"end":{"count":2500}}`, in CSV a row with the single cell `end: 2500`. Without that line, the export was interrupted, whatever the connection says.',
  }),
);

/** How an export is requested. */
export type ExportOptions = { format: ExportFormat; includesEnd: boolean };

/**
 * Yields pages of items as text in chunks: one JSON object per line, or CSV with a header. The last line counts the items
 * if `includesEnd`.
 */
export async function* renderExport<T>(
  { format, includesEnd }: ExportOptions,
  pages: AsyncIterable<readonly T[]>,
  { columns, toJson, toCells }: ExportLayout<T>,
): AsyncGenerator<string> {
  const isCsv = format === 'csv';
  const toLine = (item: T) => (isCsv ? csvLine(toCells(item)) : `${JSON.stringify(toJson(item))}\n`);
  let count = 0;
  if (isCsv) yield csvLine(columns);
  for await (const page of pages) {
    for (let at = 0; at < page.length; at += ITEMS_PER_CHUNK) {
      yield page
        .slice(at, at + ITEMS_PER_CHUNK)
        .map(toLine)
        .join('');
    }
    count += page.length;
  }
  if (includesEnd) yield isCsv ? csvLine([`end: ${count}`]) : `${JSON.stringify({ end: { count } })}\n`;
}

/**
 * Returns the last line of an export that was interrupted: no item has an `error` member, and no row of CSV a single
 * cell. Needed because some proxies end a broken answer as if it were complete.
 */
export function renderInterruption(
  contentType: string,
  { code, message }: { code: string; message: string },
): string {
  if (contentType === EXPORT_TYPES.csv) return csvLine([`error: ${code}: ${message}`]);
  return `${JSON.stringify({ error: { code, message } })}\n`;
}
