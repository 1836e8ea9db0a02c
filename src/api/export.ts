import { csvLine } from './csv.ts';
import type { EXPORT_TYPES } from './streamed.ts';

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

/** Yields pages of items as text in chunks: one JSON object per line, or CSV with a header. */
export async function* renderExport<T>(
  format: ExportFormat,
  pages: AsyncIterable<readonly T[]>,
  { columns, toJson, toCells }: ExportLayout<T>,
): AsyncGenerator<string> {
  const isCsv = format === 'csv';
  const toLine = (item: T) => (isCsv ? csvLine(toCells(item)) : `${JSON.stringify(toJson(item))}\n`);
  if (isCsv) yield csvLine(columns);
  for await (const page of pages) {
    for (let at = 0; at < page.length; at += ITEMS_PER_CHUNK) {
      yield page
        .slice(at, at + ITEMS_PER_CHUNK)
        .map(toLine)
        .join('');
    }
  }
}
