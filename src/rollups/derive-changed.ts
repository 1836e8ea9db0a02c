import type { Day } from '../lib/calendar.ts';
import type { Log } from '../lib/log.ts';
import { type AppDays, NO_TOTALS } from './app-days.ts';
import { deriveDays, splitDays } from './derive-days.ts';
import { copyNewlyLinked } from './linked-days.ts';
import { restoreRollups } from './restore-rollups.ts';
import { countRows, listHoursOf, writeBlock, writeRolledDays } from './rollup-days.ts';
import { nextNumber, requireOpen, type State } from './state.ts';

/** Derives every day that has changed. What fails stays changed, and holds up no other app. */
export async function deriveChanged(state: State, log: Log): Promise<void> {
  if (!state.isRestored) await restoreRollups(state, log);
  await completeApps(state);
  const block = state.noted;
  state.hasLate = false;
  const work = [...state.apps].filter(([, { days }]) => days.hasChanged() || days.newLinks.size > 0);
  if (work.length === 0) return;
  const taken = work.map(([appId, app]) => {
    const { days } = app;
    return { appId, ...app, changed: days.takeChanged(), linked: [...days.newLinks], block };
  });
  const failures: unknown[] = [];
  try {
    // Acknowledged events are in a log first, and inserted before any query. On a server, a block that was read before it was noted is noted now.
    await state.query('SELECT 1');
  } catch (error) {
    for (const { days, changed } of taken) days.putBack(changed);
    throw error;
  }
  for (const app of taken) {
    try {
      await deriveApp(state, app);
      await copyNewlyLinked(state.gateway, app, app.linked);
    } catch (error) {
      app.days.putBack(app.days.filterTaken(app.changed));
      failures.push(error);
    }
  }
  if (failures.length > 1)
    throw new AggregateError(failures, `${failures.length} apps could not be rolled up`);
  if (failures.length === 1) throw failures[0];
  if (!state.hasLate) await writeBlock(state.gateway, block, nextNumber(state));
}

/** Finds all days of apps that are new here, or whose time zone has changed. */
async function completeApps(state: State): Promise<void> {
  for (const [appId, { projectId, days }] of state.apps) {
    if (days.isComplete()) continue;
    for (const { hour } of await listHoursOf(state.gateway, { projectId, appId })) days.noteHour(hour);
    days.setComplete();
  }
}

type ChangedApp = {
  appId: string;
  projectId: string;
  days: AppDays;
  changed: Day[];
  linked: string[];
  block: number;
};

async function deriveApp(
  state: State,
  { appId, projectId, days, changed, block }: ChangedApp,
): Promise<void> {
  const { timezone } = days;
  // The version that queries read and the new one have different slots, so that merging never mixes them.
  const bySlot = Map.groupBy(changed, (day) => days.nextSlot(day));
  for (const [slot, ofSlot] of bySlot) {
    for (const step of await splitDays(state.gateway, { projectId, appId, timezone, days: ofSlot })) {
      requireOpen(state);
      const version = nextNumber(state, slot);
      await deriveDays(state.gateway, { projectId, appId, timezone, days: step, version, slot, block });
      const counts = await countRows(state.gateway, {
        sql: 'project_id = {project_id:String} AND app_id = {app_id:String} AND version = {version:UInt64}',
        params: { project_id: projectId, app_id: appId, version },
      });
      // Days that were invalidated meanwhile may contain what is deleted now. The number of a later one is higher.
      const current = days.filterTaken(step);
      const counted = new Map(counts.map((row) => [row.day, row]));
      const rolled = current.map((day) => {
        const rowCount = counted.get(day)?.rows ?? 0;
        return { projectId, appId, timezone, day, version, rowCount, block };
      });
      await writeRolledDays(state.gateway, rolled, nextNumber(state)).catch((error: unknown) => {
        // It may have taken effect: which versions other nodes read is in the table.
        state.isRestored = false;
        throw error;
      });
      for (const day of current) days.noteVersion(day, version);
      for (const day of days.filterTaken(current)) {
        days.setRolled(day, { version, block, totals: counted.get(day)?.totals ?? NO_TOTALS });
      }
    }
  }
}
