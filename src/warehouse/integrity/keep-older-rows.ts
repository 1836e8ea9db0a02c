import { bind } from '../engine/bind.ts';
import type { Gateway } from '../engine/gateway.ts';
import type { Destination } from '../persons/derive-persons.ts';
import type { OfProject } from '../persons/read-person-events.ts';
import type { DerivedTable } from './derive-sql.ts';
import { type AgingTable, isAging, TIME_OF } from './lost-rows.ts';
import { readIntactParts } from './read-intact-parts.ts';

/** Whether retention has deleted events, so that tables may have rows that no event can bring back. Rejects with StorageError. */
export async function hasDeletedEvents(gateway: Pick<Gateway, 'query'>): Promise<boolean> {
  const [row] = await gateway.query<{ projects: string }>('SELECT count() AS projects FROM deleted_until');
  return Number(row?.projects ?? 0) > 0;
}

/**
 * Copies the rows that are as old as the events that retention has deleted into another table. Returns the table if not all of them
 * could be read: damaged parts are left out. Rejects with StorageError, also if `deleted_until` can't be read.
 */
export async function keepOlderRows(
  gateway: Gateway,
  table: DerivedTable,
  { table: into, mark = '' }: Destination,
  { projectId }: OfProject = {},
): Promise<AgingTable | undefined> {
  if (!isAging(table)) return undefined;
  const time = TIME_OF[table];
  const projects = await gateway.query<{ project: string; until: string }>(
    'SELECT project_id AS project, toUnixTimestamp64Milli(max(until)) AS until FROM deleted_until GROUP BY project_id',
  );
  let isWhole = true;
  for (const { project, until } of projects) {
    if (projectId !== undefined && project !== projectId) continue;
    const rows = `SELECT * FROM ${table} WHERE project_id = {project:String} AND ${time} <= fromUnixTimestamp64Milli({until:Int64})`;
    const insert = `${mark} INSERT INTO ${into} ${rows}`;
    // Repeating it changes nothing: the tables keep one copy of each row.
    const wasRead = await readIntactParts(gateway, table, (condition, params) =>
      gateway.command(bind(insert + condition, { project, until: Number(until), ...params })),
    );
    isWhole &&= wasRead;
  }
  return isWhole ? undefined : table;
}
