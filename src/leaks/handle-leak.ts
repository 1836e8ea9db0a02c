import type { Actor, Requester } from '../api/caller.ts';
import type { ChangeServices } from '../audit/audit.ts';
import { type Control, URGENT, type Write } from '../control/control.ts';
import type { FoundKey } from '../directory/directory.ts';
import { type ApiKey, liveSecrets, statusOf } from '../directory/key.ts';
import type { Project } from '../directory/project.ts';
import { getStoredKey } from '../directory/records.ts';
import { appendLeak, markLeaked, reportLeak, storeRevocation } from '../keys/revoke.ts';
import type { UnstoredRevocations, Withdrawal } from '../keys/unstored-revocations.ts';
import { MINUTE_MS } from '../lib/durations.ts';
import type { Log } from '../lib/log.ts';

/** The services that reacting to a leaked key needs. */
export type LeakServices = ChangeServices & { log: Log; unstored: UnstoredRevocations };

/** Revoke the key, disable it after this many minutes, or do nothing. */
type Reaction = Project['leakedKeyPolicy'] | 'nothing';

/**
 * Applies the project's policy to a key that was found in public. Repeating it changes nothing: a client key is marked as
 * leaked; any other key is revoked immediately, or scheduled to be disabled after the project's delay. A secret that no
 * longer works is only recorded: its key is not at risk. Throws 503 `revocation_not_stored` if the key is revoked and that
 * cannot be stored.
 */
export async function handleLeak(services: LeakServices, found: FoundKey, by: Requester): Promise<void> {
  const { control, directory, clock, unstored } = services;
  const { key, secret } = found;
  if (key.type === 'client') return reportLeak(services, key, by);
  // Reports are repeated: those that change nothing wait for no lock.
  const reaction = decideReaction(services, key, secret.version);
  if (reaction !== 'revoke' && (await isRecorded(control.db, key.id, secret.version))) return;
  const store = (write: Write) => storeLeak(services, write, found, by.actor);
  const react = async () => {
    const done = await control.write(by.recheck, store, URGENT);
    await directory.refresh();
    logReaction(services, key, done, clock.now());
  };
  if (reaction !== 'revoke') return react();
  await unstored.enforce(toWithdrawal(services, key, by.actor, store), react);
}

function toWithdrawal(
  { clock }: Pick<LeakServices, 'clock'>,
  { id: keyId }: ApiKey,
  actor: Actor,
  store: Withdrawal['store'],
): Withdrawal {
  const refusal = { revokedAt: clock.now(), revokedBy: actor.id, revokedReason: 'leaked' };
  return { keyId, name: 'reported as leaked', refusal, store };
}

/** Whether this secret of the key works, now or once the key is enabled again. */
export function isUsable(key: ApiKey, version: number, now: number): boolean {
  return isLive(key, version, now) && !['revoked', 'expired'].includes(statusOf(key, now));
}

const isLive = (key: ApiKey, version: number, now: number) =>
  liveSecrets(key, now).some((secret) => secret.version === version);

function decideReaction(
  { directory, clock }: Pick<LeakServices, 'directory' | 'clock'>,
  key: ApiKey,
  version: number,
): Reaction {
  if (!isUsable(key, version, clock.now())) return 'nothing';
  return directory.findProject(key.projectId)?.leakedKeyPolicy ?? 'revoke';
}

async function isRecorded(db: Control['db'], keyId: string, version: number): Promise<boolean> {
  const row = await db
    .selectFrom('leaked_secrets')
    .select('version')
    .where('key_id', '=', keyId)
    .where('version', '=', version)
    .executeTakeFirst();
  return row !== undefined;
}

/**
 * Stores the report together with its consequence, and returns the consequence. Only the first report of a secret
 * schedules disabling: a second one neither gives the key more time nor disables one that was enabled again.
 */
async function storeLeak(
  services: LeakServices,
  write: Write,
  { key: { id }, secret: { version } }: FoundKey,
  actor: Actor,
): Promise<Reaction> {
  const { tx } = write;
  const { clock } = services;
  const key = await getStoredKey(tx, id);
  const reaction = decideReaction(services, key, version);
  const { numInsertedOrUpdatedRows = 0n } = await tx
    .insertInto('leaked_secrets')
    .values({
      key_id: id,
      version,
      disable_at: typeof reaction === 'number' ? clock.now() + reaction * MINUTE_MS : null,
      done_at: null,
    })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  const isFirst = numInsertedOrUpdatedRows > 0n;
  if (isFirst) {
    // A mark prevents restoring the key, so it is only set if restoring would make this secret valid again.
    if (isLive(key, version, clock.now())) await markLeaked(services, write, key);
    await appendLeak(services, tx, key, actor, version);
  }
  if (reaction === 'revoke') await storeRevocation(services, write, key, { reason: 'leaked', actor });
  return isFirst || reaction === 'revoke' ? reaction : 'nothing';
}

function logReaction(
  { log }: LeakServices,
  { id: keyId, projectId }: ApiKey,
  done: Reaction,
  now: number,
): void {
  if (done === 'revoke') log.warn({ keyId, projectId }, 'a leaked API key was revoked');
  if (typeof done !== 'number') return;
  const until = new Date(now + done * MINUTE_MS).toISOString();
  log.warn({ keyId, projectId, until }, 'a leaked API key is going to be disabled');
}
