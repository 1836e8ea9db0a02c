import { deleteTotp } from '../accounts/totp.ts';
import { CLI_REQUESTER } from '../api/caller.ts';
import { appendReset } from '../audit/append-reset.ts';
import { createAudit } from '../audit/audit.ts';
import type { Control, ControlTransaction, ReadOnlyControl, Write } from '../control/control.ts';
import { derivePepper } from '../directory/secret.ts';
import { forgetErasureKey } from '../erasure/erasure-key.ts';
import { storeRevocation } from '../keys/revoke.ts';
import type { Clock } from '../lib/clock.ts';
import { toAuditKey } from './open-services.ts';
import { storeSecretCheck } from './secret-store.ts';

/** What stops working when a lost secret is reset. `erasures` are requests to erase people that are not complete. */
export type ResetLoss = {
  keys: number;
  sessions: number;
  secondFactors: number;
  erasures: number;
  erasedIds: number;
};

/** Counts what a reset would take away. Changes nothing. Rejects with StorageError. */
export async function findResetLoss({ db }: Pick<ReadOnlyControl, 'db'>): Promise<ResetLoss> {
  const read = (rows: { count: number } | undefined) => Number(rows?.count ?? 0);
  const count = { count: db.fn.countAll<number>().as('count') }.count;
  const keys = await db
    .selectFrom('api_keys')
    .select(count)
    .where('revoked_at', 'is', null)
    .executeTakeFirst();
  const erasures = await db
    .selectFrom('erasures')
    .select(count)
    .where('done_at', 'is', null)
    .executeTakeFirst();
  return {
    keys: read(keys),
    sessions: read(await db.selectFrom('sessions').select(count).executeTakeFirst()),
    secondFactors: read(await db.selectFrom('two_factors').select(count).executeTakeFirst()),
    erasures: read(erasures),
    erasedIds: read(await db.selectFrom('erased_users').select(count).executeTakeFirst()),
  };
}

/**
 * Starts over with a new secret after the old one was lost, in one transaction, and returns what was lost. Events, projects, apps and people
 * stay. Call it while no server runs. Rejects with StorageError.
 */
export async function resetSecret(
  { control, clock }: { control: Control; clock: Clock },
  secret: string,
): Promise<ResetLoss> {
  const { actor, recheck } = CLI_REQUESTER;
  const auditKey = toAuditKey(secret);
  const audit = createAudit([auditKey], clock);
  return await control.write(recheck, async (write) => {
    const { tx } = write;
    const loss = await findResetLoss({ db: tx });
    await appendReset(audit, tx, auditKey, actor);
    const keys = await tx
      .selectFrom('api_keys')
      .select(['id', 'project_id'])
      .where('revoked_at', 'is', null)
      .orderBy('id')
      .execute();
    for (const { id, project_id: projectId } of keys)
      await storeRevocation({ clock, audit }, write, { id, projectId }, { reason: 'secret_reset', actor });
    await revokeSecrets(write, clock.now());
    const people = await tx.selectFrom('two_factors').select('person_id').orderBy('person_id').execute();
    for (const { person_id } of people) await deleteTotp({ audit }, tx, person_id, actor);
    await deleteUnreadable(tx);
    await storeSecretCheck(tx, derivePepper(secret));
    return loss;
  });
}

/** Revokes the secrets of all keys, so that none can be restored, not even one that was revoked before the reset. */
async function revokeSecrets({ tx, revision }: Write, now: number): Promise<void> {
  const owners = tx.selectFrom('key_secrets').select('key_id').where('revoked_at', 'is', null);
  await tx.updateTable('api_keys').set({ revision }).where('id', 'in', owners).execute();
  await tx.updateTable('key_secrets').set({ revoked_at: now }).where('revoked_at', 'is', null).execute();
}

/** Deletes what is signed or encrypted with the lost secret. */
async function deleteUnreadable(tx: ControlTransaction): Promise<void> {
  for (const table of ['sessions', 'verifications', 'idempotent_calls', 'erased_users'] as const)
    await tx.deleteFrom(table).execute();
  await tx.deleteFrom('erasures').where('done_at', 'is', null).execute();
  await forgetErasureKey(tx);
}
