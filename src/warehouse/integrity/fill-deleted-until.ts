import { bind } from '../engine/bind.ts';
import type { Gateway } from '../engine/gateway.ts';
import { TIME_OF } from './lost-rows.ts';
import { readIntactParts } from './read-intact-parts.ts';

/**
 * Fills `deleted_until` in from what the events don't explain: rows that are older than the oldest event of their project, or of a
 * project without events, came from events that retention has deleted. Other projects get no row. May run again. Rejects with
 * StorageError.
 */
export async function fillDeletedUntil(gateway: Gateway): Promise<void> {
  const oldest = await readOldestEvents(gateway);
  // The engine needs at least one element.
  const params = { projects: ['', ...oldest.keys()], oldest: [0, ...oldest.values()] };
  for (const [table, time] of Object.entries(TIME_OF)) {
    const oldestSql = `transform(toString(project_id), {projects:Array(String)}, {oldest:Array(Int64)}, ${EVER})`;
    const insert = `INSERT INTO deleted_until (project_id, until) SELECT project_id, max(${time}) FROM ${table}
WHERE toUnixTimestamp64Milli(${time}) < ${oldestSql}`;
    await readIntactParts(gateway, table, (condition, more) =>
      gateway.command(bind(`${insert}${condition} GROUP BY project_id`, { ...params, ...more })),
    );
  }
}

/** Later than any event, epoch milliseconds, as an Int64. */
const EVER = `toInt64(${Date.UTC(2300, 0, 1)})`;

/** Returns the time of each project's oldest event that can be read, epoch milliseconds. */
async function readOldestEvents(gateway: Gateway): Promise<Map<string, number>> {
  const oldest = new Map<string, number>();
  await readIntactParts(gateway, 'events', async (condition, params) => {
    const rows = await gateway.query<{ project_id: string; first: string }>(
      `SELECT project_id, toUnixTimestamp64Milli(min(timestamp)) AS first FROM events WHERE 1${condition} GROUP BY project_id`,
      params,
    );
    for (const { project_id, first } of rows)
      oldest.set(project_id, Math.min(Number(first), oldest.get(project_id) ?? Number(first)));
  });
  return oldest;
}
