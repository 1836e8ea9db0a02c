import { type Command, InvalidArgumentError, Option } from 'commander';
import { type AuditRow, EVERY_PROJECT, listAuditRows, toAuditEntryJson } from '../audit/list.ts';
import type { ReadOnlyControl } from '../control/control.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../lib/durations.ts';
import { PROGRAM } from '../lib/program.ts';
import { parseTimestamp } from '../lib/timestamp.ts';
import { renderAuditRows } from './audit-text.ts';
import { readControl } from './control/read-control.ts';
import { printResult } from './terminal/print.ts';
import { UsageError } from './terminal/usage-error.ts';

type Options = { project?: string; installation?: true; since?: number; limit: number; json?: true };

const LIMIT_DEFAULT = 100;
const LIMIT_MAX = 10_000;

const EXAMPLE = `
Example: failed attempts with unknown keys in the last 24 hours:
  ${PROGRAM} audit --installation --since 24h`;

/** Adds `appflow audit`, the only way to read the entries that belong to no project. */
export function addAuditCommand(program: Command): void {
  program
    .command('audit')
    .description('list the audit log, newest first; read-only, works with or without a running server')
    .addOption(new Option('--project <id>', 'only entries of this project').conflicts('installation'))
    .option('--installation', 'only entries of no project, such as attempts with unknown keys')
    .option(
      '--since <time>',
      'only entries since this time: 30m, 24h or 7d ago, or 2026-01-31T12:00:00Z',
      parseSince,
    )
    .option('--limit <count>', `maximum number of entries, up to ${LIMIT_MAX}`, parseLimit, LIMIT_DEFAULT)
    .option('--json', 'print the entries as one JSON line')
    .addHelpText('after', EXAMPLE)
    .action(async ({ project, installation, since, limit, json }: Options) => {
      const rows = await readControl(async (control) => {
        if (project !== undefined) await requireProject(control, project);
        const projectId = project ?? (installation ? null : EVERY_PROJECT);
        return (await listAuditRows(control, { projectId, from: since }, undefined, limit)).rows;
      });
      printResult(json ? JSON.stringify({ data: rows.map(toJson) }) : renderAuditRows(rows));
    });
}

const toJson = (row: AuditRow) => ({ ...toAuditEntryJson(row), project_id: row.project_id });

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
  throw new InvalidArgumentError('Must be 30m, 24h, 7d or a time such as 2026-01-31T12:00:00Z.');
}

function parseLimit(text: string): number {
  const limit = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (limit >= 1 && limit <= LIMIT_MAX) return limit;
  throw new InvalidArgumentError(`Must be a whole number from 1 to ${LIMIT_MAX}.`);
}
