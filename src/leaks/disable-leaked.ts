import { systemActor } from '../api/caller.ts';
import { type Control, NO_CALLER, URGENT, type Write } from '../control/control.ts';
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
  const { control, clock, log } = services;
  let disabled = 0;
  let failure: { error: unknown } | undefined;
  for (const due of await listDue(control.db, clock.now())) {
    try {
      if (!(await disableDueKey(services, due))) continue;
      disabled += 1;
      log.warn({ keyId: due.key_id }, 'a leaked API key was disabled');
    } catch (error) {
      // The next keys are refused all the same.
      failure ??= { error };
    }
  }
  if (failure) throw failure.error;
  return disabled;
}

/** Returns whether it disabled the key. While the database does not answer, the key is disabled in this process only. */
async function disableDueKey(services: LeakServices, due: DueSecret): Promise<boolean> {
  const { control, directory, clock, unstored } = services;
  const store = (write: Write) => disableIfDue(services, write, due);
  const disable = async () => {
    const isDisabled = await control.write(NO_CALLER, store, URGENT);
    await directory.refresh();
    return isDisabled;
  };
  const key = directory.findKey(due.key_id);
  if (!key || !isUsable(key, due.version, clock.now())) return disable();
  const name = `disabled after a leak of secret ${due.version}`;
  return unstored.enforce({ keyId: key.id, name, refusal: { disabled: true }, store }, disable);
}

async function disableIfDue(
  services: LeakServices,
  write: Write,
  { key_id: id, version }: DueSecret,
): Promise<boolean> {
  const { tx } = write;
  const now = services.clock.now();
  const due = await tx
    .updateTable('leaked_secrets')
    .set({ done_at: now })
    .where('key_id', '=', id)
    .where('version', '=', version)
    // Read again under the write lock, which may have taken a while: of two processes, only one disables.
    .where('done_at', 'is', null)
    .returning('version')
    .executeTakeFirst();
  if (!due) return false;
  const key = await getStoredKey(tx, id);
  if (key.disabled || !isUsable(key, version, now)) return false;
  await storeDisabling(services, write, key, { actor: ACTOR });
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
