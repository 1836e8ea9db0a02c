import { type Change, decodeDiff } from '../audit/diff.ts';
import type { AuditRow } from '../audit/list.ts';
import { escapeValue } from '../lib/text/visible-text.ts';

/**
 * Returns entries of the audit log for a terminal: the time, action and target of each on one line, below it who did it and
 * from where, then each change on a line. A table of all of that would be wider than any terminal.
 */
export function renderAuditRows(rows: readonly AuditRow[]): string {
  if (rows.length === 0) return 'No matching entries.';
  const width = Math.max(...rows.map(({ action }) => action.length));
  return rows.map((row) => renderRow(row, width)).join('\n');
}

const INDENT = ' '.repeat(22);

function renderRow(row: AuditRow, width: number): string {
  const at = new Date(row.at)
    .toISOString()
    .replace('T', ' ')
    .replace(/\.\d+Z$/, 'Z');
  const head = `${at}  ${row.action.padEnd(width)}  ${row.target}`;
  const by = row.ip === null ? `by ${row.actor_id}` : `by ${row.actor_id} from ${row.ip}`;
  const where = [row.project_id, row.request_id].filter((id) => id !== null).join(', ');
  const details = [by, where, ...listChanges(row.diff)]
    .filter((line) => line !== '')
    .map((line) => INDENT + line);
  return [head, ...details].map(escapeValue).join('\n');
}

/** Returns a line per change. A field that is empty before and after says nothing, unless its values were left out. */
function listChanges(stored: string | null): string[] {
  if (stored === null) return [];
  const { diff, omitted } = decodeDiff(stored);
  const changes = Object.entries(diff)
    .filter(([, change]) => omitted > 0 || 'added' in change || change[0] !== null || change[1] !== null)
    .map(([field, change]) => `${field}: ${renderChange(change)}`);
  return omitted === 0 ? changes : [...changes, `${omitted} long values are not recorded`];
}

function renderChange(change: Change): string {
  if (!('added' in change)) {
    const [before, after] = change.map((value) => JSON.stringify(value));
    return before === 'null' ? `${after}` : `${before} → ${after}`;
  }
  const { added, removed } = change;
  return [
    ...added.map((value) => `+${JSON.stringify(value)}`),
    ...removed.map((value) => `-${JSON.stringify(value)}`),
  ].join(' ');
}
