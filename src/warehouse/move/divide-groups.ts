import { conditionOf } from './copy-groups.ts';
import { divided, type MovedTable } from './moved-tables.ts';
import { compareSums, type Difference, type Reader, sumGroups } from './sum-groups.ts';

/** Groups of a table that differ. */
export type Differences = { table: MovedTable; groups: Difference[] };

/** Groups with fewer rows, on either side, are copied as a whole. */
const DIVIDED_ROWS_MIN = 1_000;
const ROWS_PER_PART = 100;
/** Their sums take some megabytes of memory here. */
const PARTS_MAX = 50_000;

/** Divides large groups of a table with `id` into parts, and returns what differs of them. Rejects with StorageError. */
export async function divideGroups(
  { table, groups }: Differences,
  source: Reader,
  target: Reader,
): Promise<Differences[]> {
  const rowsOf = (group: Difference) => Math.min(group.source?.rows ?? 0, group.target?.rows ?? 0);
  const isLarge = (group: Difference) => table.id !== undefined && rowsOf(group) >= DIVIDED_ROWS_MIN;
  const found: Differences[] = [{ table, groups: groups.filter((group) => !isLarge(group)) }];
  for (const group of groups.filter(isLarge)) {
    const parts = divided(table, Math.min(PARTS_MAX, Math.ceil(rowsOf(group) / ROWS_PER_PART)));
    const condition = conditionOf(table, [group]);
    const sums = [sumGroups(source, parts, condition), sumGroups(target, parts, condition)] as const;
    const [from, to] = await Promise.all(sums);
    found.push({ table: parts, groups: compareSums(from, to) });
  }
  return found;
}
