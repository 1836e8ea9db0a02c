import { setImmediate } from 'node:timers/promises';
import type { Control } from '../../control/control.ts';
import { COUNT_TABLES, type CountTable } from '../../ingestion/count-tables.ts';
import { DAY_MS } from '../../lib/durations.ts';

/** The events that were accepted since some time, and when the first of those that are still counted was. */
export type Accepted = { events: number; firstAtMs: number | undefined };

/**
 * Counts the events that were accepted between `from` and `to`, epoch milliseconds, in whole hours, from the counts of ingestion health,
 * which are kept for 90 days and written every 10 seconds. Reads a day at a time, with other work in between. Rejects with StorageError.
 */
export async function countAccepted(
  { db }: Pick<Control, 'db'>,
  range: { from: number; to: number },
): Promise<Accepted> {
  let events = 0;
  const firstHours: number[] = [];
  for (const table of COUNT_TABLES) {
    const counted = await countIn(db, table, range);
    events += counted.events;
    if (counted.firstAtMs !== undefined) firstHours.push(counted.firstAtMs);
  }
  return { events, firstAtMs: firstHours.length === 0 ? undefined : Math.min(...firstHours) };
}

async function countIn(
  db: Control['db'],
  table: CountTable,
  { from, to }: { from: number; to: number },
): Promise<Accepted> {
  const first = await db
    .selectFrom(table)
    .select('hour')
    .where('outcome', '=', 'accepted')
    .orderBy('hour')
    .limit(1)
    .executeTakeFirst();
  let events = 0;
  for (let start = Math.max(from, first?.hour ?? to); start < to; start += DAY_MS) {
    await setImmediate();
    const day = await db
      .selectFrom(table)
      .select(({ fn }) => fn.sum<number | null>('count').as('events'))
      .where('outcome', '=', 'accepted')
      .where('hour', '>=', start)
      .where('hour', '<', Math.min(start + DAY_MS, to))
      .executeTakeFirst();
    events += Number(day?.events ?? 0);
  }
  return { events, firstAtMs: first?.hour };
}
