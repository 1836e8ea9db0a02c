import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DAY_MS } from '../../lib/durations.ts';
import { bind } from '../engine/bind.ts';
import type { Gateway } from '../engine/gateway.ts';
import { fence, once } from '../insert-sql.ts';
import { fileSql, rowsInBody, structureOf } from '../rows/row-source.ts';
import type { MovedTable } from './moved-tables.ts';
import { type Column, type Difference, fromSql, hashSql, listColumns } from './sum-groups.ts';

/** Where rows are copied to: a server, and the holder under which its inserts are sent. */
export type CopyTarget = Pick<Gateway, 'command'> & { holder: string };

export type CopyOptions = {
  source: Pick<Gateway, 'query' | 'command'>;
  target: CopyTarget;
  /** A folder for the rows of one insert. */
  folder: string;
  /** Is called with the rows copied since the last call, and may throw to stop. */
  onRows: (rows: number) => void;
};

/** One insert: it takes far less than its time limit, and little memory here. */
const [ROWS_MAX, BYTES_MAX] = [50_000, 32_000_000];

/** Groups that are copied together: they have the same values but for the last key. */
type Batch = { groups: Difference[]; rows: number; bytes: number };

/** Copies groups that differ: deletes what the target has of them, and inserts them again. Rejects with StorageError. */
export async function copyGroups(
  table: MovedTable,
  differences: readonly Difference[],
  { source, target, folder, onRows }: CopyOptions,
): Promise<void> {
  const columns = await listColumns(source, table.name);
  const names = columns.map(({ name }) => name).join(', ');
  const structure = structureOf(columns.map(({ name, type }) => [name, type]));
  const file = join(folder, 'moving.rows');
  for (const batch of toBatches(differences)) {
    const condition = conditionOf(table, batch.groups);
    if (batch.groups.some((group) => group.target !== undefined))
      await target.command(`ALTER TABLE ${table.name} DELETE WHERE ${condition} SETTINGS mutations_sync = 2`);
    for (const part of listParts(batch, columns)) {
      await rm(file, { force: true });
      await source.command(
        `INSERT INTO FUNCTION ${fileSql(file, structure)} SELECT ${names} FROM ${fromSql(table)} WHERE ${condition} AND ${part}`,
      );
      const rows = rowsInBody([await readFile(file)], target.holder, structure);
      // Never a token of an earlier attempt, of which rows may have been deleted since.
      await target.command(
        `INSERT INTO ${table.name} (${names}) ${once(rows, nextToken())} SELECT ${names} FROM ${rows.sql} WHERE ${fence(rows)}`,
        rows.body,
      );
    }
    onRows(batch.rows);
  }
  await rm(file, { force: true });
}

let tokens = 0;
function nextToken(): string {
  tokens += 1;
  return `moved-${tokens}`;
}

function toBatches(differences: readonly Difference[]): Batch[] {
  const batches: Batch[] = [];
  for (const group of differences) {
    const { rows, bytes } = group.source ?? { rows: 0, bytes: 0 };
    const last = batches.at(-1);
    const fits =
      last !== undefined &&
      last.rows + rows <= ROWS_MAX &&
      last.bytes + bytes <= BYTES_MAX &&
      prefixOf(last.groups[0]) === prefixOf(group);
    if (fits) {
      last.groups.push(group);
      last.rows += rows;
      last.bytes += bytes;
    } else {
      batches.push({ groups: [group], rows, bytes });
    }
  }
  return batches;
}

const prefixOf = (group: Difference | undefined) => JSON.stringify(group?.values.slice(0, -1));

/** Returns the conditions for rows that one insert takes; a large group is divided by the hashes of its rows. */
function listParts({ rows, bytes }: Batch, columns: readonly Column[]): string[] {
  const parts = rows === 0 ? 0 : Math.max(1, Math.ceil(rows / ROWS_MAX), Math.ceil(bytes / BYTES_MAX));
  return Array.from({ length: parts }, (_, part) => `${hashSql(columns)} % ${parts} = ${part}`);
}

/** Returns the condition for the rows of groups that have the same values but for the last key. */
export function conditionOf({ keys, time }: MovedTable, groups: readonly Difference[]): string {
  const first = groups[0]?.values ?? [];
  const conditions = keys.map(({ sql, isText }, index) => {
    const isLast = index === keys.length - 1;
    const values = isLast ? groups.map((group) => group.values[index] ?? '') : [first[index] ?? ''];
    const list = values.map((value) => (isText ? bind('{value:String}', { value }) : value));
    return `${sql} IN (${list.join(', ')})`;
  });
  if (time !== undefined) {
    const days = groups.map((group) => Number(group.values.at(-1)));
    const [from, to] = [Math.min(...days) * DAY_MS, (Math.max(...days) + 1) * DAY_MS];
    conditions.push(
      `${time} >= fromUnixTimestamp64Milli(${from}) AND ${time} < fromUnixTimestamp64Milli(${to})`,
    );
  }
  return conditions.join(' AND ');
}
