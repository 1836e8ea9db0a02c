import { setImmediate } from 'node:timers/promises';
import type { Log } from '../lib/log.ts';
import { findHighest } from '../warehouse/integrity/rebuild-in-use.ts';
import { NO_TOTALS } from './app-days.ts';
import { copyAllLinked } from './linked-days.ts';
import {
  areIntact,
  type CountedDay,
  countRows,
  type EventHour,
  emptyRollups,
  listHoursSince,
  readRolledDays,
  type StoredDay,
  writeRolledDays,
} from './rollup-days.ts';
import { daysOf, nextNumber, requireOpen, type State } from './state.ts';

/** Reads what is stored, unless it is damaged: then everything is derived again. Rejects with StorageError. */
export async function restoreRollups(state: State, log: Log): Promise<void> {
  const { gateway, directory } = state;
  // Drops what a failed attempt noted. Events that arrived since then are found by their block.
  state.apps.clear();
  // What a log held at the start may not be inserted yet.
  await state.query('SELECT 1');
  if (!(await areIntact(gateway, () => requireOpen(state)))) {
    log.warn('the rollups are damaged: they are derived from the events again');
    await emptyRollups(gateway);
  }
  const stored = await readRolledDays(gateway);
  state.number = Math.max(state.number, stored.written);
  const since = await listHoursSince(gateway, stored.block);
  requireOpen(state);
  const counts = await countRows(gateway);
  // Rows of a day that no longer counts may be left, and merging keeps the highest version.
  for (const { version } of counts) state.number = Math.max(state.number, version);
  const found = new Map(counts.map((row) => [`${row.appId} ${row.day} ${row.version}`, row]));
  const gone = stored.days.flatMap((row) => restoreDay(state, row, found));
  await writeRolledDays(gateway, gone, nextNumber(state));
  // Apps that are not rolled up yet, such as all of them after an upgrade.
  for (const project of directory.listProjects()) {
    for (const { id } of directory.listApps(project.id)) daysOf(state, { id, projectId: project.id });
  }
  await noteHours(state, since);
  await copyAllLinked(gateway);
  const highest = await findHighest(gateway);
  // Read after the wait, which may have noted events of higher blocks.
  state.noted = Math.max(state.noted, stored.block, highest);
  state.isRestored = true;
}

/**
 * Notes a stored day. Returns the days that are derived again and must not be read until then: one that lacks rows, and those that it may
 * have become in another time zone.
 */
function restoreDay(state: State, row: StoredDay, found: ReadonlyMap<string, CountedDay>): StoredDay[] {
  const { projectId, appId, day, version, block, rowCount } = row;
  const gone = { ...row, version: 0, rowCount: 0, block: 0 };
  const days = daysOf(state, { id: appId, projectId });
  if (days === undefined) return [];
  days.setComplete();
  if (row.timezone !== days.timezone) {
    const near = [day - 1, day, day + 1];
    days.forget(near);
    return near.map((one) => ({ ...gone, timezone: days.timezone, day: one }));
  }
  // A part may have been lost since then.
  const { rows, totals } = found.get(`${appId} ${day} ${version}`) ?? { rows: 0, totals: NO_TOTALS };
  if (version > 0) days.noteVersion(day, version);
  if (version > 0 && rows === rowCount) {
    days.setRolled(day, { version, block, totals });
    return [];
  }
  days.forget([day]);
  return version > 0 ? [gone] : [];
}

/** Yields to other work regularly: after an upgrade, these can be the hours of all events. */
async function noteHours(state: State, hours: readonly EventHour[]): Promise<void> {
  for (const [index, { app_id, hour }] of hours.entries()) {
    if (index % HOURS_PER_TURN === HOURS_PER_TURN - 1) await setImmediate();
    state.apps.get(app_id)?.days.noteHour(hour);
  }
}

const HOURS_PER_TURN = 10_000;
