import { setImmediate } from 'node:timers/promises';
import { type Insertable, sql } from 'kysely';
import type { IngestionHourTable } from '../control/ingestion-schema.ts';
import type { Control, ControlTransaction } from '../control/open.ts';
import { DAY_MS, HOUR_MS } from '../lib/durations.ts';
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
  /** Only counts of these apps; undefined for all, including those of no known app. */
  appIds: readonly string[] | undefined;
};

/** What became of the events of a key and an SDK in one period, which starts at `hour`. */
export type PeriodCounts = {
  hour: number;
  keyId: string;
  sdk: string;
  accepted: number;
  duplicates: number;
  rejected: number;
  refused: number;
  link_conflicts: number;
  /** How many were rejected and refused, by code. */
  reasons: Record<string, number>;
};

type HourRow = Insertable<IngestionHourTable>;

const ROWS_PER_STATEMENT = 200;
const ROWS_PER_READ = 2_000;

/** Rows of the database that one answer is summed from. */
const ROWS_READ_MAX = 400_000;

/** Rows of an answer. */
export const COUNTS_MAX = 20_000;

/** Adds counts to those in the database, in parts: a flush must not delay requests. */
export async function saveCells(tx: ControlTransaction, cells: readonly Cell[]): Promise<void> {
  const rows = cells.flatMap(rowsOf);
  for (let start = 0; start < rows.length; start += ROWS_PER_STATEMENT) {
    if (start > 0) await setImmediate();
    await tx
      .insertInto('ingestion_hours')
      .values(rows.slice(start, start + ROWS_PER_STATEMENT))
      .onConflict((conflict) =>
        conflict
          .columns(['project_id', 'key_id', 'hour', 'sdk', 'app_id', 'outcome', 'code'])
          .doUpdateSet((eb) => ({ count: eb('ingestion_hours.count', '+', eb.ref('excluded.count')) })),
      )
      .execute();
  }
}

/** Deletes the counts of hours that ended before `keptFrom` (epoch milliseconds). */
export async function pruneCounts(tx: ControlTransaction, keptFrom: number): Promise<void> {
  await tx
    .deleteFrom('ingestion_hours')
    .where('hour', '<', keptFrom - HOUR_MS)
    .execute();
}

/**
 * Returns the counts that match, those of `unsaved` included, oldest period first; undefined if they are too many for one
 * answer.
 */
export async function listCounts(
  { db }: Pick<Control, 'db'>,
  filter: CountFilter,
  unsaved: Iterable<Cell>,
): Promise<PeriodCounts[] | undefined> {
  const periods = new Map<string, PeriodCounts>();
  const add = (row: HourRow) => addRow(periods, row, filter.intervalMs);
  for (const cell of unsaved) if (isIncluded(cell, filter)) rowsOf(cell).forEach(add);
  let after: HourRow | undefined;
  for (let read = 0; periods.size <= COUNTS_MAX; read += ROWS_PER_READ) {
    if (read >= ROWS_READ_MAX) return undefined;
    const rows: HourRow[] = await selectRows(db, filter, after).execute();
    rows.forEach(add);
    after = rows.at(-1);
    if (rows.length < ROWS_PER_READ) {
      if (periods.size > COUNTS_MAX) return undefined;
      return [...periods.values()].sort(compare);
    }
    await setImmediate();
  }
  return undefined;
}

/** Selects the next rows: those of one key in the order of the primary key, of all keys in that of the index by project. */
function selectRows(db: Control['db'], filter: CountFilter, after: HourRow | undefined) {
  const { projectId, from, to, keyId, appIds } = filter;
  let query = db
    .selectFrom('ingestion_hours')
    .selectAll()
    .where('project_id', '=', projectId)
    .where('hour', '>=', after?.hour ?? from)
    .where('hour', '<', to);
  if (keyId !== undefined) query = query.where('key_id', '=', keyId);
  if (appIds !== undefined) query = query.where('app_id', 'in', [...appIds]);
  if (after !== undefined) {
    const { hour, key_id, sdk, app_id, outcome, code } = after;
    const last = sql`(${hour}, ${key_id}, ${sdk}, ${app_id}, ${outcome}, ${code})`;
    query = query.where(sql<boolean>`(hour, key_id, sdk, app_id, outcome, code) > ${last}`);
  }
  return query
    .orderBy('hour')
    .orderBy('key_id')
    .orderBy('sdk')
    .orderBy('app_id')
    .orderBy('outcome')
    .orderBy('code')
    .limit(ROWS_PER_READ);
}

function isIncluded(cell: Cell, { projectId, from, to, keyId, appIds }: CountFilter): boolean {
  return (
    cell.projectId === projectId &&
    cell.hour >= from &&
    cell.hour < to &&
    (keyId === undefined || cell.keyId === keyId) &&
    (appIds === undefined || appIds.includes(cell.appId))
  );
}

function addRow(periods: Map<string, PeriodCounts>, row: HourRow, intervalMs: number): void {
  const { key_id: keyId, sdk, outcome, code, count } = row;
  const hour = row.hour - (row.hour % intervalMs);
  const name = `${hour} ${keyId} ${sdk}`;
  const empty = {
    hour,
    keyId,
    sdk,
    accepted: 0,
    duplicates: 0,
    rejected: 0,
    refused: 0,
    link_conflicts: 0,
    reasons: {},
  };
  const period: PeriodCounts = periods.get(name) ?? empty;
  periods.set(name, period);
  if (outcome === 'accepted') period.accepted += count;
  else if (outcome === 'duplicate') period.duplicates += count;
  else if (outcome === 'rejected') period.rejected += count;
  else if (outcome === 'refused') period.refused += count;
  else if (outcome === 'link_conflict') period.link_conflicts += count;
  if (code !== '') period.reasons[code] = (period.reasons[code] ?? 0) + count;
}

function rowsOf(cell: Cell): HourRow[] {
  const { projectId, keyId, appId, hour, sdk } = cell;
  const rowOf = (outcome: string, code: string, count: number): HourRow[] =>
    count === 0
      ? []
      : [{ project_id: projectId, key_id: keyId, hour, sdk, app_id: appId, outcome, code, count }];
  return [
    ...rowOf('accepted', '', cell.accepted),
    ...rowOf('duplicate', '', cell.duplicates),
    ...rowOf('link_conflict', '', cell.linkConflicts),
    ...[...cell.rejected].flatMap(([code, count]) => rowOf('rejected', code, count)),
    ...[...cell.refused].flatMap(([code, count]) => rowOf('refused', code, count)),
  ];
}

function compare(one: PeriodCounts, other: PeriodCounts): number {
  return one.hour - other.hour || order(one.keyId, other.keyId) || order(one.sdk, other.sdk);
}

const order = (one: string, other: string) => (one < other ? -1 : Number(one > other));
