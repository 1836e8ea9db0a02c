import { HOUR_MS } from '../../lib/durations.ts';
import type { Gateway } from '../engine/gateway.ts';
import type { MovedTable } from './moved-tables.ts';

/** A column of a table: its name, and its type as rows in bytes have it. */
export type Column = { name: string; type: string };

/** The rows of a group: how many, their size in bytes, and a sum over their hashes, which does not depend on their order. */
export type GroupSum = { values: readonly string[]; rows: number; bytes: number; checksum: string };

/** The groups of a table by their values. */
export type Sums = ReadonlyMap<string, GroupSum>;

export type Reader = Pick<Gateway, 'query'>;

/** Reading all events takes minutes. */
const SUM_MS = 4 * HOUR_MS;

/** Types that only say how a column is stored, around the type of its values. */
const STORED_AS = /^(?:LowCardinality|SimpleAggregateFunction)\((?:\w+, )?(.*)\)$/;

/** Returns the columns of a table that are not computed from others. Rejects with StorageError. */
export async function listColumns(gateway: Reader, table: string): Promise<Column[]> {
  const columns = await gateway.query<Column>(
    "SELECT name, type FROM system.columns WHERE database = currentDatabase() AND table = {table:String} AND default_kind != 'MATERIALIZED' ORDER BY name",
    { table },
  );
  return columns.map(({ name, type }) => ({ name, type: type.replace(STORED_AS, '$1') }));
}

/** Returns SQL for a hash of a row. The hash of a NULL would be NULL, which sums leave out. */
export const hashSql = (columns: readonly Column[]): string =>
  `sipHash64(${columns.map(({ name, type }) => (type.startsWith('Nullable') ? `ifNull(toString(${name}), 'NULL')` : name)).join(', ')})`;

/** Returns a table as what is selected from. */
export const fromSql = ({ name, isMerged }: MovedTable): string => `${name}${isMerged ? ' FINAL' : ''}`;

/** Counts and sums the rows of each group of a table, or of those rows that meet a condition. Rejects with StorageError. */
export async function sumGroups(gateway: Reader, table: MovedTable, condition = '1'): Promise<Sums> {
  const columns = await listColumns(gateway, table.name);
  const names = columns.map(({ name }) => name).join(', ');
  const values = table.keys.map(({ sql }) => `toString(${sql})`).join(', ');
  const rows = await gateway.query<Record<'rows' | 'bytes' | 'checksum', string> & { values: string[] }>(
    `SELECT [${values}] AS values, count() AS rows, sum(byteSize(${names})) AS bytes,
      sum(${hashSql(columns)}) AS checksum FROM ${fromSql(table)} WHERE ${condition} GROUP BY values ORDER BY values`,
    {},
    { timeoutMs: SUM_MS },
  );
  const sums = rows.map((row) => ({ ...row, rows: Number(row.rows), bytes: Number(row.bytes) }));
  return new Map(sums.map((sum) => [JSON.stringify(sum.values), sum]));
}

/** A group whose rows are not the same on both sides. */
export type Difference = {
  values: readonly string[];
  source: GroupSum | undefined;
  target: GroupSum | undefined;
};

/** Returns the groups that differ, in the order of their values. */
export function compareSums(source: Sums, target: Sums): Difference[] {
  const keys = [...new Set([...source.keys(), ...target.keys()])].toSorted();
  return keys.flatMap((key) => {
    const [one, other] = [source.get(key), target.get(key)];
    if (one?.rows === other?.rows && one?.checksum === other?.checksum) return [];
    return [{ values: JSON.parse(key) as string[], source: one, target: other }];
  });
}
