import type { Kysely } from 'kysely';
import type { Actor } from '../api/caller.ts';
import type { ControlTransaction } from '../control/open.ts';
import { NO_CALLER } from '../control/open.ts';
import type { ControlSchema } from '../control/schema.ts';
import { getStoredKey } from '../directory/records.ts';
import { MINUTE_MS } from '../lib/durations.ts';
import { runPeriodically } from '../lib/periodic.ts';
import { isUsable, type LeakServices } from './handle-leak.ts';

const SYSTEM_ACTOR: Actor = { type: 'system', id: 'leaks', ip: null, requestId: null };
const CHECK_EVERY_MS = MINUTE_MS;

type DueSecret = { key_id: string; version: number };

function listDue(db: Kysely<ControlSchema>, now: number): Promise<DueSecret[]> {
  return db
    .selectFrom('leaked_secrets')
    .select(['key_id', 'version'])
    .where('disable_at', '<=', now)
    .where('done_at', 'is', null)
    .execute();
}

/**
 * Disables the keys whose leaked secret still works when its time has come, and returns how many. A key that was
 * rotated away from it meanwhile lives on. What was missed while stopped comes first.
 */
export async function disableDueKeys(services: LeakServices): Promise<number> {
  const { control, directory, clock, log } = services;
  if ((await listDue(control.db, clock.now())).length === 0) return 0;
  const disabled = await control.write(NO_CALLER, async ({ tx, revision }) => {
    // Looked at again under the write lock, which may have been waited for: of two processes, one does it.
    const now = clock.now();
    const ids: string[] = [];
    for (const due of await listDue(tx, now)) {
      if (await disableIfUsable(services, tx, revision, due, now)) ids.push(due.key_id);
    }
    return ids;
  });
  await directory.refresh();
  for (const keyId of disabled) log.warn({ keyId }, 'a leaked API key was disabled');
  return disabled.length;
}

async function disableIfUsable(
  { audit }: LeakServices,
  tx: ControlTransaction,
  revision: number,
  { key_id: id, version }: DueSecret,
  now: number,
): Promise<boolean> {
  await tx
    .updateTable('leaked_secrets')
    .set({ done_at: now })
    .where('key_id', '=', id)
    .where('version', '=', version)
    .execute();
  const key = await getStoredKey(tx, id);
  if (key.disabled || !isUsable(key, version, now)) return false;
  await tx.updateTable('api_keys').set({ disabled: 1, revision }).where('id', '=', id).execute();
  const diff = { disabled: [false, true] } as const;
  const entry = { projectId: key.projectId, actor: SYSTEM_ACTOR, target: id, diff };
  await audit.append(tx, { ...entry, action: 'api_key.disabled' });
  return true;
}

/** Looks now and every minute for leaked keys to disable. Returns the function that ends it. */
export function startDisablingLeaked(services: LeakServices): () => Promise<void> {
  return runPeriodically({
    everyMs: CHECK_EVERY_MS,
    run: () => disableDueKeys(services),
    onError: (err) => services.log.error({ err }, 'leaked keys could not be disabled'),
  });
}
