import type { Kysely } from 'kysely';
import type { ControlSchema } from '../control/schema.ts';
import type { Actor } from '../keys/actor.ts';
import type { Services } from '../services.ts';

type DisableServices = Pick<Services, 'control' | 'directory' | 'clock' | 'audit' | 'log'>;

const SYSTEM_ACTOR: Actor = { type: 'system', id: 'leaks', ip: null, requestId: null };
const LOOK_MS = 60_000;

function listDue(db: Kysely<ControlSchema>, now: number): Promise<{ key_id: string }[]> {
  return db
    .selectFrom('leaked_keys')
    .select('key_id')
    .where('disable_at', '<=', now)
    .where('done_at', 'is', null)
    .execute();
}

/** Disables the leaked keys whose time has come, and returns how many. What was missed while stopped comes first. */
export async function disableDueKeys(services: DisableServices): Promise<number> {
  const { control, directory, clock, audit, log } = services;
  const now = clock.now();
  if ((await listDue(control.db, now)).length === 0) return 0;
  const disabled = await control.write(async (tx, revision) => {
    // Looked at again under the write lock: of two processes, one does it.
    const ids: string[] = [];
    for (const { key_id: id } of await listDue(tx, now)) {
      await tx.updateTable('leaked_keys').set({ done_at: now }).where('key_id', '=', id).execute();
      const row = await tx
        .updateTable('api_keys')
        .set({ disabled: 1, revision })
        .where('id', '=', id)
        .where('disabled', '=', 0)
        .where('revoked_at', 'is', null)
        .returning('project_id')
        .executeTakeFirst();
      if (!row) continue;
      const diff = { disabled: [false, true] } as const;
      const entry = { projectId: row.project_id, actor: SYSTEM_ACTOR, target: id, diff };
      await audit.append(tx, { ...entry, action: 'api_key.disabled' });
      ids.push(id);
    }
    return ids;
  });
  await directory.refresh();
  for (const keyId of disabled) log.warn({ keyId }, 'a leaked API key was disabled');
  return disabled.length;
}

/** Looks now and every minute for leaked keys to disable. Returns the function that ends it. */
export function startDisablingLeaked(services: DisableServices): () => Promise<void> {
  let running: Promise<unknown> = Promise.resolve();
  const look = () => {
    running = running
      .then(() => disableDueKeys(services))
      .catch((err: unknown) => services.log.error({ err }, 'leaked keys could not be disabled'));
  };
  look();
  const timer = setInterval(look, LOOK_MS);
  timer.unref();
  return async () => {
    clearInterval(timer);
    await running;
  };
}
