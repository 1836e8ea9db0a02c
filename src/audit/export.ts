import { csvLine } from '../api/csv.ts';
import type { Control } from '../control/open.ts';
import { type AuditFilter, type AuditRow, listAuditRows, toAuditEntryJson } from './list.ts';

const ROWS_PER_PAGE = 500;
const COLUMNS = ['id', 'at', 'actor_type', 'actor_id', 'action', 'target', 'diff', 'ip', 'request_id'];

/** The file formats that the audit log can be exported in. */
export const EXPORT_FORMATS = ['ndjson', 'csv'] as const;

/** One of `EXPORT_FORMATS`. */
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

/** Yields the filtered log as text, newest first, page by page, so that memory use does not grow with the log. */
export async function* exportAudit(
  control: Control,
  filter: AuditFilter,
  format: ExportFormat,
): AsyncGenerator<string> {
  if (format === 'csv') yield csvLine(COLUMNS);
  const toLine = format === 'csv' ? toCsv : toNdjson;
  let before: number | undefined;
  for (;;) {
    const rows: AuditRow[] = await listAuditRows(control, filter, before, ROWS_PER_PAGE);
    if (rows.length > 0) yield rows.map(toLine).join('');
    if (rows.length < ROWS_PER_PAGE) return;
    before = rows.at(-1)?.seq;
  }
}

const toNdjson = (row: AuditRow) => `${JSON.stringify(toAuditEntryJson(row))}\n`;

function toCsv(row: AuditRow): string {
  const at = new Date(row.at).toISOString();
  const { id, actor_type, actor_id, action, target, diff, ip, request_id } = row;
  return csvLine([id, at, actor_type, actor_id, action, target, diff, ip, request_id]);
}
