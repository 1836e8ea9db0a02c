import { renderTable } from '../terminal/table.ts';

/** How many rows there are on one side, and their checksum. */
type Sum = { rows: number; checksum: string };

/** A group of rows on both sides: its project, app and day, or those of them that a table has. */
export type ComparedGroup = { group: readonly string[]; source: Sum | undefined; target: Sum | undefined };

/** A table on both sides. */
export type ComparedTable = { table: string; groups: readonly ComparedGroup[] };

const isSame = ({ source, target }: ComparedGroup) =>
  source?.rows === target?.rows && source?.checksum === target?.checksum;

/** Returns whether every group is the same on both sides. */
export const areSame = (tables: readonly ComparedTable[]): boolean =>
  tables.every(({ groups }) => groups.every(isSame));

/** Returns the table for people: a total for each table, and each group, or only those that differ. */
export function renderCompared(tables: readonly ComparedTable[], isVerbose: boolean): string {
  const lines = tables.flatMap(({ table, groups }) => {
    const shown = groups.filter((group) => group.group.length > 0 && (isVerbose || !isSame(group)));
    return [renderTotal(table, groups), ...shown.map((group) => renderGroup(table, group))];
  });
  return renderTable([['table', 'project, app, day', 'source', 'target', 'result'], ...lines]);
}

const format = (rows: number) => rows.toLocaleString('en-US');

function renderTotal(table: string, groups: readonly ComparedGroup[]): string[] {
  const total = (side: 'source' | 'target') =>
    format(groups.reduce((sum, group) => sum + (group[side]?.rows ?? 0), 0));
  return [table, 'all', total('source'), total('target'), groups.every(isSame) ? 'same' : 'DIFFERENT'];
}

function renderGroup(table: string, compared: ComparedGroup): string[] {
  const { group, source, target } = compared;
  const rows = [source, target].map((sum) => format(sum?.rows ?? 0));
  return [table, group.join(', '), ...rows, isSame(compared) ? 'same' : 'DIFFERENT'];
}
