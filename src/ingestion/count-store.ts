import { setImmediate } from 'node:timers/promises';
import { sql } from 'kysely';
import type { Control, ControlTransaction } from '../control/control.ts';
import { readInIndexOrder } from '../control/dialect.ts';
import { DAY_MS, HOUR_MS } from '../lib/durations.ts';
import { COUNT_TABLES, type CountTable, hoursIn } from './count-tables.ts';
import type { CountedSdkId } from './counted-sdk.ts';
import { type HourRow, type PeriodCounts, sumByPeriod } from './period-sums.ts';
import type { Cell } from './tally.ts';

/** How long counts are kept. */
export const KEPT_DAYS = 90;

/** Periods that counts are summed by, in milliseconds. Days are those of UTC. */
export const INTERVALS_MS = { hour: HOUR_MS, day: DAY_MS } as const;

/** What to count. Times are epoch milliseconds; `from` is inclusive, `to` exclusive. */
export type CountFilter = {
  projectId: string;
  from: number;
  to: number;
  intervalMs: number;
  keyId: string | undefined;
  sdkId: CountedSdkId | undefined;
  /** Only counts of these apps; undefined for all, including those of no known app. */
  appIds: readonly string[] | undefined;
};

/** What identifies a row. */
export const COUNT_KEY = [
  ...(['project_id', 'key_id', 'hour', 'sdk_id'] as const),
  ...(['sdk', 'app_id', 'outcome', 'code'] as const),
] as const;

const ROWS_PER_STATEMENT = 200;
const ROWS_PER_READ = 2_000;

/** The order in which rows are read. */
const ORDER = ['hour', 'key_id', 'sdk_id', 'sdk', 'app_id', 'outcome', 'code'] as const;

/** Rows of the database that one answer is summed from, each read once or twice. */
const ROWS_READ_MAX = 400_000;

/** Rows of an answer. */
export const COUNTS_MAX = 20_000;

/** Adds counts to those in the database, in parts: a flush must not delay requests. */
export async function saveCounts(tx: ControlTransaction, rows: readonly HourRow[]): Promise<void> {
  for (let start = 0; start < rows.length; start += ROWS_PER_STATEMENT) {
    if (start > 0) await setImmediate();
    await tx
      .insertInto('ingestion_sdk_hours')
      .values(rows.slice(start, start + ROWS_PER_STATEMENT))
      .onConflict((conflict) =>
        conflict
          .columns(COUNT_KEY)
          .doUpdateSet((eb) => ({ count: eb('ingestion_sdk_hours.count', '+', eb.ref('excluded.count')) })),
      )
      .execute();
  }
}

/** Deletes the counts of hours that ended before `keptFrom` (epoch milliseconds). */
export async function pruneCounts(db: Control['db'], keptFrom: number): Promise<void> {
  for (const table of COUNT_TABLES)
    await db
      .deleteFrom(table)
      .where('hour', '<', keptFrom - HOUR_MS)
      .execute();
}

/**
 * Returns the counts that match, those of `unsaved` included, oldest period first, in at most COUNTS_MAX rows: see `sumByPeriod`.
 * Undefined if too much would have to be read for one answer.
 */
export function listCounts(
  control: Pick<Control, 'db'>,
  filter: CountFilter,
  unsaved: Iterable<Cell>,
): Promise<PeriodCounts[] | undefined> {
  // Copied: counting goes on while the database is read.
  const waiting: HourRow[] = [];
  for (const cell of unsaved) if (isIncluded(cell, filter)) waiting.push(...toCountRows(cell));
  return sumByPeriod(
    async (add) => {
      const isRead = await readInIndexOrder(control.db, (db) => readStored(db, filter, add));
      waiting.forEach(add);
      return isRead;
    },
    filter.intervalMs,
    COUNTS_MAX,
  );
}

/** Passes the stored rows to `add`, with other work in between. Resolves to false if they are too many. */
async function readStored(
  db: Control['db'],
  filter: CountFilter,
  add: (row: HourRow) => void,
): Promise<boolean> {
  const { sdkId } = filter;
  let toRead = ROWS_READ_MAX;
  for (const table of COUNT_TABLES) {
    if (table === 'ingestion_hours' && sdkId !== undefined && sdkId !== 'unknown') continue;
    toRead -= await readTable(db, table, filter, { add, max: toRead });
    if (toRead <= 0) return false;
  }
  return true;
}

/** Passes the rows of one table to `add`, and stops after `max`. Returns how many. */
async function readTable(
  db: Control['db'],
  table: CountTable,
  filter: CountFilter,
  { add, max }: { add: (row: HourRow) => void; max: number },
): Promise<number> {
  let after: HourRow | undefined;
  let read = 0;
  while (read < max) {
    const rows: HourRow[] = await selectRows(db, table, filter, after).execute();
    rows.forEach(add);
    read += rows.length;
    after = rows.at(-1);
    if (rows.length < ROWS_PER_READ) break;
    await setImmediate();
  }
  return read;
}

/** Selects the next rows: those of one key in the order of the primary key, of all keys in that of the index by project. */
export function selectRows(db: Control['db'], table: CountTable, filter: CountFilter, after?: HourRow) {
  const { projectId, from, to, keyId, sdkId, appIds } = filter;
  const hasSdkId = table === 'ingestion_sdk_hours';
  const order = ORDER.filter(
    (column) => (column !== 'key_id' || keyId === undefined) && (column !== 'sdk_id' || hasSdkId),
  );
  let query = db
    .selectFrom(hoursIn(table))
    .select(['project_id', 'key_id', 'hour', 'sdk', 'app_id', 'outcome', 'code', 'count'])
    .select((hasSdkId ? sql.ref<string>('sdk_id') : sql.lit('unknown')).as('sdk_id'))
    .where('project_id', '=', projectId)
    .where('hour', '<', to);
  if (keyId !== undefined) query = query.where('key_id', '=', keyId);
  if (sdkId !== undefined && hasSdkId) query = query.where('sdk_id', '=', sdkId);
  if (appIds !== undefined) query = query.where('app_id', 'in', [...appIds]);
  // A second lower bound would be used instead of the position, which then reads the hour again from its start on each page.
  if (after === undefined) query = query.where('hour', '>=', from);
  else {
    const last = sql.join(order.map((column) => after[column]));
    query = query.where(sql<boolean>`(${sql.join(order.map((column) => sql.ref(column)))}) > (${last})`);
  }
  for (const column of order) query = query.orderBy(column);
  return query.limit(ROWS_PER_READ);
}

function isIncluded(cell: Cell, { projectId, from, to, keyId, sdkId, appIds }: CountFilter): boolean {
  return (
    cell.projectId === projectId &&
    cell.hour >= from &&
    cell.hour < to &&
    (keyId === undefined || cell.keyId === keyId) &&
    (sdkId === undefined || cell.sdkId === sdkId) &&
    (appIds === undefined || appIds.includes(cell.appId))
  );
}

/** Returns the counts of a cell as they are stored. */
export function toCountRows(cell: Cell): HourRow[] {
  const { projectId: project_id, keyId: key_id, sdkId: sdk_id, appId: app_id, hour, sdk } = cell;
  const rowOf = (outcome: string, code: string, count: number): HourRow[] =>
    count === 0 ? [] : [{ project_id, key_id, hour, sdk_id, sdk, app_id, outcome, code, count }];
  return [
    ...rowOf('accepted', '', cell.accepted),
    ...rowOf('duplicate', '', cell.duplicates),
    ...rowOf('link_conflict', '', cell.linkConflicts),
    ...[...cell.rejected].flatMap(([code, count]) => rowOf('rejected', code, count)),
    ...[...cell.refused].flatMap(([code, count]) => rowOf('refused', code, count)),
  ];
}
