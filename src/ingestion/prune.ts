import type { Control } from '../control/control.ts';
import { whenFree } from '../control/open-sqlite.ts';
import { DAY_MS } from '../lib/durations.ts';
import { KEPT_DAYS, pruneCounts } from './count-store.ts';
import { pruneNames } from './name-store.ts';
import { pruneSamples } from './sample-store.ts';

/** Deletes the counts, samples and names that are past their 90 days, or names past what their project retains. Rejects with StorageError. */
export async function pruneIngestion({ db }: Pick<Control, 'db'>, now: number): Promise<void> {
  const keptFrom = now - KEPT_DAYS * DAY_MS;
  await whenFree(() => pruneCounts(db, keptFrom));
  await whenFree(() => pruneSamples(db, keptFrom));
  await whenFree(() => pruneNames(db, now, KEPT_DAYS * DAY_MS));
}
