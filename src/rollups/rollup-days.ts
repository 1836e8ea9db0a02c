import type { Day } from '../lib/calendar.ts';
import { HOUR_MS } from '../lib/durations.ts';
import type { Gateway } from '../warehouse/engine/gateway.ts';
import type { BoundSql } from '../warehouse/event-sql.ts';
import { mayBeDamage } from '../warehouse/integrity/damage-error.ts';
import { COUNTED_SQL } from '../warehouse/integrity/derive-sql.ts';
import { checkTable } from '../warehouse/integrity/find-damaged-table.ts';
import { type DayTotals, NO_TOTALS, type RevenueTotal, type RolledDay } from './app-days.ts';

/** A day as `rollup_days` has it; `version` 0 must be derived again. */
export type StoredDay = Omit<RolledDay, 'totals'> & {
  projectId: string;
  appId: string;
  timezone: string;
  day: Day;
  /** Rows of all rollup tables. */
  rowCount: number;
};

/** What is stored: the days, the block up to which all changed days are among them, and the highest number in use. */
export type StoredDays = { days: StoredDay[]; block: number; written: number };

type Row = {
  project_id: string;
  app_id: string;
  day: number;
  zone: string;
  of_version: string;
  of_rows: string;
  of_block: string;
  highest: string;
};

/** Returns the days that are rolled up, or those of them that were written after `since`. Rejects with StorageError. */
export async function readRolledDays(gateway: Pick<Gateway, 'query'>, since = 0): Promise<StoredDays> {
  const rows = await gateway.query<Row>(
    `SELECT project_id, app_id, day, argMax(timezone, written) AS zone, argMax(version, written) AS of_version,
      argMax(row_count, written) AS of_rows, argMax(block, written) AS of_block, max(written) AS highest
    FROM rollup_days WHERE written > {since:UInt64} OR project_id = '' GROUP BY project_id, app_id, day`,
    { since: Math.max(0, since) },
  );
  const days = rows.map(
    (row): StoredDay => ({
      projectId: row.project_id,
      appId: row.app_id,
      timezone: row.zone,
      day: row.day,
      version: Number(row.of_version),
      rowCount: Number(row.of_rows),
      block: Number(row.of_block),
    }),
  );
  return {
    days: days.filter(({ projectId }) => projectId !== ''),
    block: days.find(({ projectId }) => projectId === '')?.block ?? 0,
    written: rows.reduce((highest, row) => Math.max(highest, Number(row.highest)), 0),
  };
}

/** Stores which version of some days counts. `written` is above that of everything stored before. Rejects with StorageError. */
export async function writeRolledDays(
  gateway: Pick<Gateway, 'command'>,
  days: readonly StoredDay[],
  written: number,
): Promise<void> {
  if (days.length === 0) return;
  const lines = days.map(({ projectId, appId, day, timezone, version, rowCount, block }) =>
    JSON.stringify([projectId, appId, day, timezone, version, rowCount, block, written]),
  );
  const columns = 'project_id, app_id, day, timezone, version, row_count, block, written';
  await gateway.command(
    `INSERT INTO rollup_days (${columns}) FORMAT JSONCompactEachRow\n${lines.join('\n')}`,
  );
}

/** Stores up to which block all changed days are listed. Rejects with StorageError. */
export function writeBlock(gateway: Pick<Gateway, 'command'>, block: number, written: number): Promise<void> {
  const all = { projectId: '', appId: '', timezone: '', day: 0, version: 0, rowCount: 0, block };
  return writeRolledDays(gateway, [all], written);
}

/** An hour since 1970 (UTC) in which an app has events. */
export type EventHour = { app_id: string; hour: number };

const HOUR_SQL = `toInt32(intDiv(toUnixTimestamp64Milli(timestamp), ${HOUR_MS})) AS hour`;

/** Returns the hours of events in blocks above `block`. Rejects with StorageError. */
export function listHoursSince(gateway: Pick<Gateway, 'query'>, block: number): Promise<EventHour[]> {
  return gateway.query<EventHour>(
    `SELECT app_id, ${HOUR_SQL} FROM events WHERE block > {block:UInt64} AND ${COUNTED_SQL} GROUP BY app_id, hour`,
    { block },
    { timeoutMs: SCAN_MS },
  );
}

/** Returns the hours of all events of an app. Rejects with StorageError. */
export function listHoursOf(
  gateway: Pick<Gateway, 'query'>,
  { projectId, appId }: { projectId: string; appId: string },
): Promise<EventHour[]> {
  return gateway.query<EventHour>(
    `SELECT app_id, ${HOUR_SQL} FROM events
    WHERE project_id = {project_id:String} AND app_id = {app_id:String} AND ${COUNTED_SQL} GROUP BY app_id, hour`,
    { project_id: projectId, app_id: appId },
    { timeoutMs: SCAN_MS },
  );
}

/** Reading two columns of all events takes about a second per 100 million. */
const SCAN_MS = 10 * 60 * 1_000;

/** The tables that are derived per day. */
const TABLES = ['user_days', 'user_day_values', 'revenue_days'] as const;

/** A day and version in all rollup tables: how many rows it has, and what they add up to. */
export type CountedDay = { appId: string; day: Day; version: number; rows: number; totals: DayTotals };

type DayVersion = { app_id: string; day: number; version: string };
type CountedRow = DayVersion & { rows: string } & Record<'users' | 'sessions' | 'events', string>;

/** Returns each day and version that has rows; `condition` selects some. Rejects with StorageError. */
export async function countRows(
  gateway: Pick<Gateway, 'query'>,
  condition: BoundSql = { sql: '1', params: {} },
): Promise<CountedDay[]> {
  const { sql, params } = condition;
  const select = (table: (typeof TABLES)[number]) => {
    const added = table === 'user_days' ? '1, length(sessions), events' : '0, 0, 0';
    return `SELECT app_id, day, version, tuple(${added}) AS added FROM ${table} WHERE ${sql}`;
  };
  const rows = await gateway.query<CountedRow>(
    `SELECT app_id, day, version, count() AS rows, sum(added.1) AS users, sum(added.2) AS sessions, sum(added.3) AS events
    FROM (${TABLES.map(select).join(' UNION ALL ')}) GROUP BY app_id, day, version`,
    params,
    { timeoutMs: SCAN_MS },
  );
  const revenue = await sumRevenue(gateway, condition);
  return rows.map((row) => ({
    ...{ appId: row.app_id, day: row.day, version: Number(row.version), rows: Number(row.rows) },
    totals: {
      ...{ users: Number(row.users), sessions: Number(row.sessions), events: Number(row.events) },
      revenue: revenue.get(keyOf(row)) ?? NO_TOTALS.revenue,
    },
  }));
}

const keyOf = ({ app_id, day, version }: DayVersion) => `${app_id} ${day} ${version}`;

/** Returns the revenue of each day and version that has any, in the order of currencies. */
async function sumRevenue(
  gateway: Pick<Gateway, 'query'>,
  { sql, params }: BoundSql,
): Promise<Map<string, RevenueTotal[]>> {
  const rows = await gateway.query<DayVersion & RevenueTotal>(
    `SELECT app_id, day, version, currency, toString(sum(amount)) AS all,
      if(countIf(is_verified = 1) = 0, NULL, toString(sumIf(amount, is_verified = 1))) AS verified
    FROM (SELECT app_id, day, version, currency, verified AS is_verified, amount FROM revenue_days WHERE ${sql})
    GROUP BY app_id, day, version, currency ORDER BY currency`,
    params,
    { timeoutMs: SCAN_MS },
  );
  const byDay = Map.groupBy(rows, keyOf);
  return new Map(
    [...byDay].map(([key, totals]) => [
      key,
      totals.map(({ currency, all, verified }) => ({ currency, all, verified })),
    ]),
  );
}

/**
 * Whether all files of the rollups are what was written. It reads them: about two seconds per gigabyte. `onTable` is called before
 * each table. Rejects with StorageError, and with what `onTable` throws.
 */
export async function areIntact(gateway: Pick<Gateway, 'query'>, onTable: () => void): Promise<boolean> {
  for (const table of [...TABLES, 'rollup_days']) {
    onTable();
    try {
      if ((await checkTable(gateway, table)).length > 0) return false;
    } catch (error) {
      if (mayBeDamage(error)) return false;
      throw error;
    }
  }
  return true;
}

/** Empties the rollups, whatever state they are in. Rejects with StorageError. */
export async function emptyRollups(gateway: Pick<Gateway, 'command'>): Promise<void> {
  for (const table of ['rollup_days', ...TABLES, 'linked_days'])
    await gateway.command(`TRUNCATE TABLE ${table} SYNC`);
}
