import { type ExportLayout, type ExportOptions, renderExport } from '../api/export.ts';
import type { Control } from '../control/control.ts';
import {
  type AuditFilter,
  type AuditPosition,
  type AuditRow,
  listAuditRows,
  toAuditEntryJson,
} from './list.ts';

const ROWS_PER_PAGE = 500;

const LAYOUT: ExportLayout<AuditRow> = {
  columns: ['id', 'at', 'actor_type', 'actor_id', 'action', 'target', 'diff', 'ip', 'request_id'],
  toJson: (row) => toAuditEntryJson(row),
  toCells,
};

/** Yields the filtered log as text, newest first, page by page, so memory use does not grow with the log. */
export function exportAudit(
  control: Control,
  filter: AuditFilter,
  options: ExportOptions,
): AsyncGenerator<string> {
  return renderExport(options, readPages(control, filter), LAYOUT);
}

async function* readPages(control: Control, filter: AuditFilter): AsyncGenerator<AuditRow[]> {
  let before: AuditPosition | undefined;
  do {
    const { rows, next } = await listAuditRows(control, filter, before, ROWS_PER_PAGE);
    yield rows;
    before = next;
  } while (before);
}

function toCells(row: AuditRow): (string | null)[] {
  const at = new Date(row.at).toISOString();
  const { id, actor_type, actor_id, action, target, diff, ip, request_id } = row;
  return [id, at, actor_type, actor_id, action, target, diff, ip, request_id];
}
