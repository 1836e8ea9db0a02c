import type { Day, DayRange } from '../lib/calendar.ts';
import { SECOND_MS } from '../lib/durations.ts';
import { runPeriodically } from '../lib/periodic.ts';
import type { FoundDays } from './app-days.ts';
import { readRolledDays, type StoredDay } from './rollup-days.ts';
import type { Rollups } from './rollups.ts';
import type { AppIds, RollupServices } from './state.ts';

/** The rollups that another node derives, as they are stored. */
export type ReadRollups = Pick<Rollups, 'find'> & { stop(): Promise<void> };

/** How long after it is stored that a day must be read from the events, a rollup of it may still be used. */
export const ROLLUPS_AGE_MAX_MS = SECOND_MS;
const EVERY_MS = 300;
/** Days that are stored at the same time may appear in another order than that of their numbers, in microseconds. */
const OVERLAP = 60_000_000;

/** What was read: the days by app, the block up to which all changed days are listed (0 if unknown), and the highest number. */
type Known = { apps: Map<string, Map<Day, StoredDay>>; block: number; written: number; readAtMs: number };

const NOTHING_KNOWN = { block: 0, written: 0, readAtMs: Number.NEGATIVE_INFINITY };

/** Starts to read the rollups again and again. What is read stays true while another node derives more, until it deletes events. */
export function startReadingRollups({
  warehouse,
  directory,
  log,
}: Pick<RollupServices, 'log'> & {
  warehouse: Pick<RollupServices['warehouse'], 'maintenance'>;
  directory: Pick<RollupServices['directory'], 'findApp'>;
}): ReadRollups {
  let known: Known = { ...NOTHING_KNOWN, apps: new Map() };

  async function read(): Promise<void> {
    const readAtMs = performance.now();
    const { days, block, written } = await readRolledDays(warehouse.maintenance, known.written - OVERLAP);
    // They were emptied, and everything is derived again.
    const apps = block === 0 ? new Map<string, Map<Day, StoredDay>>() : known.apps;
    for (const day of days) {
      const ofApp = apps.get(day.appId) ?? new Map<Day, StoredDay>();
      apps.set(day.appId, ofApp.set(day.day, day));
    }
    known = { apps, block, written: block === 0 ? 0 : Math.max(written, known.written), readAtMs };
  }

  const onError = (err: unknown) => log.debug({ err }, 'the rollups cannot be read: queries read the events');
  return {
    find({ id }: AppIds, timezone: string, range: DayRange) {
      const days = known.apps.get(id);
      const isOld = performance.now() - known.readAtMs > ROLLUPS_AGE_MAX_MS;
      if (isOld || known.block === 0 || days === undefined) return undefined;
      return directory.findApp(id)?.timezone === timezone
        ? findDays(days, known.block, timezone, range)
        : undefined;
    },
    stop: runPeriodically({ everyMs: EVERY_MS, run: read, onError }),
  };
}

/**
 * Which days have changed since is unknown, so events above the block of the rollup are read of every day: there are few, and they have
 * an index. Up to `block`, every day with events is listed.
 */
function findDays(
  days: ReadonlyMap<Day, StoredDay>,
  block: number,
  timezone: string,
  { first, last }: DayRange,
): FoundDays {
  const listed = Array.from({ length: last - first + 3 }, (_, index) => days.get(first - 1 + index)).filter(
    (row) => row !== undefined,
  );
  const changed = new Map(Array.from({ length: last - first + 1 }, (_, index) => [first + index, block]));
  const setChanged = (day: Day) => {
    if (changed.has(day)) changed.set(day, 0);
  };
  // Their events may be on another day in this time zone.
  for (const row of listed.filter((one) => one.timezone !== timezone))
    for (const day of [row.day - 1, row.day, row.day + 1]) setChanged(day);
  const current = listed.filter((one) => one.timezone === timezone && changed.has(one.day));
  for (const row of current) changed.set(row.day, row.version === 0 ? 0 : Math.max(block, row.block));
  const rolled = new Map(current.filter(({ version }) => version > 0).map((row) => [row.day, row]));
  return { rolled, changed, newLinks: [], linkRevision: 0 };
}
