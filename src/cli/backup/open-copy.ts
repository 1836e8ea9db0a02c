import { formatDay } from '../../lib/calendar.ts';
import { systemClock } from '../../lib/clock.ts';
import { DAY_MS, HOUR_MS } from '../../lib/durations.ts';
import { openLog } from '../../lib/log.ts';
import { openWarehouse } from '../../warehouse/open.ts';
import type { DayCount } from './manifest.ts';

const COUNT_MS = HOUR_MS;

/** What a copy of an event store contains, and what it lacks, as sentences. */
export type Contents = { events: DayCount[]; problems: string[] };

/**
 * Opens a copy of an event store as a start would, which changes it, counts its events, and closes it. `knownEvents` is how many the control
 * database knows. Rejects with StorageError.
 */
export async function readContents(path: string, knownEvents: number): Promise<Contents> {
  const warehouse = await openWarehouse({ path, knownEvents, log: openLog('silent'), clock: systemClock() });
  try {
    const rows = await warehouse.query<{ project: string; app: string; day: string; events: string }>(
      `SELECT project_id AS project, app_id AS app, toString(intDiv(toUnixTimestamp64Milli(timestamp), ${DAY_MS})) AS day,
        count() AS events FROM events GROUP BY ALL ORDER BY ALL`,
      {},
      { timeoutMs: COUNT_MS },
    );
    const events = rows.map((row) => ({
      ...row,
      day: formatDay(Number(row.day)),
      events: Number(row.events),
    }));
    return { events, problems: warehouse.listProblems() };
  } finally {
    await warehouse.close();
  }
}
