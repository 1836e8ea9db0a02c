import { type Command, InvalidArgumentError, Option } from 'commander';
import { type AuditRow, EVERY_PROJECT, listAuditRows, toAuditEntryJson } from '../audit/list.ts';
import type { ReadOnlyControl } from '../control/open.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../lib/durations.ts';
import { parseTimestamp } from '../lib/timestamp.ts';
import { readControl } from './control/read-control.ts';
import { printResult } from './terminal/print.ts';
import { renderTable } from './terminal/table.ts';
import { UsageError } from './terminal/usage-error.ts';

type Options = { project?: string; installation?: true; since?: number; limit: number; json?: true };

const LIMIT_DEFAULT = 100;
const LIMIT_MAX = 10_000;

const EXAMPLE = `
Example: failed attempts with unknown keys in the last 24 hours:
  appflow audit --installation --since 24h`;

/** Adds `appflow audit`, the only way to read the entries that belong to no project. */
export function addAuditCommand(program: Command): void {
  program
    .command('audit')
    .description(
      'list the audit log, newest first; needs neither a running server nor a key, changes nothing',
    )
    .addOption(new Option('--project <id>', 'only what happened in this project').conflicts('installation'))
    .option('--installation', 'only what belongs to no project, such as attempts with unknown keys')
    .option('--since <time>', 'not before this time: 30m, 24h, 7d ago or 2026-01-31T12:00:00Z', parseSince)
    .option('--limit <count>', `at most this many entries, up to ${LIMIT_MAX}`, parseLimit, LIMIT_DEFAULT)
    .option('--json', 'print the entries as one JSON line')
    .addHelpText('after', EXAMPLE)
    .action(async ({ project, installation, since, limit, json }: Options) => {
      const rows = await readControl(async (control) => {
        if (project !== undefined) await requireProject(control, project);
        const projectId = project ?? (installation ? null : EVERY_PROJECT);
        return (await listAuditRows(control, { projectId, from: since }, undefined, limit)).rows;
      });
      printResult(json ? JSON.stringify({ data: rows.map(toJson) }) : renderRows(rows));
    });
}

const toJson = (row: AuditRow) => ({ ...toAuditEntryJson(row), project_id: row.project_id });

const HEADER = ['at', 'action', 'target', 'actor', 'ip', 'project', 'request', 'changes'];

function renderRows(rows: readonly AuditRow[]): string {
  if (rows.length === 0) return 'There are no such entries.';
  return renderTable([HEADER, ...rows.map(toCells)]);
}

function toCells(row: AuditRow): string[] {
  const { action, target, actor_id, ip, project_id, request_id, diff } = row;
  const at = new Date(row.at).toISOString();
  return [at, action, target, actor_id, ip ?? '-', project_id ?? '-', request_id ?? '-', diff ?? ''];
}

async function requireProject({ db }: ReadOnlyControl, id: string): Promise<void> {
  const found = await db.selectFrom('projects').select('id').where('id', '=', id).executeTakeFirst();
  if (!found) throw new UsageError(`There is no project ${id}.`);
}

const UNIT_MS = { m: MINUTE_MS, h: HOUR_MS, d: DAY_MS } as const;

function parseSince(text: string): number {
  const [, count, unit] = /^(\d{1,6})([mhd])$/.exec(text) ?? [];
  const instant =
    unit === 'm' || unit === 'h' || unit === 'd'
      ? Date.now() - Number(count) * UNIT_MS[unit]
      : parseTimestamp(text);
  if (instant !== undefined) return instant;
  throw new InvalidArgumentError('Write 30m, 24h, 7d, or a time like 2026-01-31T12:00:00Z.');
}

function parseLimit(text: string): number {
  const limit = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (limit >= 1 && limit <= LIMIT_MAX) return limit;
  throw new InvalidArgumentError(`Write a number from 1 to ${LIMIT_MAX}.`);
}
