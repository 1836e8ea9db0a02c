import { systemActor } from '../api/caller.ts';
import { type Control, NO_CALLER, type Write } from '../control/open.ts';
import { getStoredKey } from '../directory/records.ts';
import { storeDisabling } from '../keys/update.ts';
import { MINUTE_MS } from '../lib/durations.ts';
import { runPeriodically } from '../lib/periodic.ts';
import { isUsable, type LeakServices } from './handle-leak.ts';

const ACTOR = systemActor('leaks');
const CHECK_EVERY_MS = MINUTE_MS;

type DueSecret = { key_id: string; version: number };

function listDue(db: Control['db'], now: number): Promise<DueSecret[]> {
  return db
    .selectFrom('leaked_secrets')
    .select(['key_id', 'version'])
    .where('disable_at', '<=', now)
    .where('done_at', 'is', null)
    .execute();
}

/**
 * Disables the keys whose leaked secret still works when it is due, and returns how many. A key that was rotated to a new
 * secret in time stays enabled. What became due while the server was stopped is handled by the first run.
 */
export async function disableDueKeys(services: LeakServices): Promise<number> {
  const { control, directory, clock, log } = services;
  if ((await listDue(control.db, clock.now())).length === 0) return 0;
  const disabled = await control.write(NO_CALLER, async (write) => {
    // Read again under the write lock, which may have taken a while: of two processes, only one disables.
    const now = clock.now();
    const ids: string[] = [];
    for (const due of await listDue(write.tx, now)) {
      if (await disableIfUsable(services, write, due, now)) ids.push(due.key_id);
    }
    return ids;
  });
  await directory.refresh();
  for (const keyId of disabled) log.warn({ keyId }, 'a leaked API key was disabled');
  return disabled.length;
}

async function disableIfUsable(
  services: LeakServices,
  write: Write,
  { key_id: id, version }: DueSecret,
  now: number,
): Promise<boolean> {
  const { tx } = write;
  await tx
    .updateTable('leaked_secrets')
    .set({ done_at: now })
    .where('key_id', '=', id)
    .where('version', '=', version)
    .execute();
  const key = await getStoredKey(tx, id);
  if (key.disabled || !isUsable(key, version, now)) return false;
  await storeDisabling(services, write, key, ACTOR);
  return true;
}

/** Disables leaked keys that are due, now and every minute. Returns the function that stops it. */
export function startDisablingLeaked(services: LeakServices): () => Promise<void> {
  return runPeriodically({
    everyMs: CHECK_EVERY_MS,
    run: () => disableDueKeys(services),
    onError: (err) => services.log.error({ err }, 'leaked keys could not be disabled'),
  });
}
