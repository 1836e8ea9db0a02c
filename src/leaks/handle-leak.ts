import type { Kysely } from 'kysely';
import type { Actor } from '../api/caller.ts';
import type { ChangeServices } from '../audit/audit.ts';
import type { ControlTransaction } from '../control/open.ts';
import { NO_CALLER } from '../control/open.ts';
import type { ControlSchema } from '../control/schema.ts';
import type { FoundKey } from '../directory/directory.ts';
import { type ApiKey, liveSecrets, statusOf } from '../directory/key.ts';
import type { Project } from '../directory/project.ts';
import { getStoredKey } from '../directory/records.ts';
import { reportLeak, storeRevocation } from '../keys/revoke.ts';
import { MINUTE_MS } from '../lib/durations.ts';
import type { Log } from '../lib/log.ts';

/** What reacting to a leaked key takes. */
export type LeakServices = ChangeServices & { log: Log };

/** Revoke the key, disable it after these minutes, or nothing. */
type Reaction = Project['leakedKeyPolicy'] | 'nothing';

/**
 * Does what a project wants done with a key that was found in public. Doing it again changes nothing: a client key is
 * labelled; any other is revoked at once, or noted to be disabled after the project's minutes. A secret that has ended
 * is only put on record: nobody can use it, so its key is not in danger.
 */
export async function handleLeak(services: LeakServices, found: FoundKey, actor: Actor): Promise<void> {
  const { control, directory, clock } = services;
  const { key, secret } = found;
  if (key.type === 'client') {
    await reportLeak(services, key, actor);
    return;
  }
  // Reports come again and again: those that change nothing wait for no lock.
  const reaction = decideReaction(services, key, secret.version);
  if (reaction !== 'revoke' && (await isRecorded(control.db, key.id, secret.version))) return;
  const done = await control.write(NO_CALLER, ({ tx, revision }) =>
    storeLeak(services, tx, revision, found, actor),
  );
  await directory.refresh();
  logReaction(services, key, done, clock.now());
}

/** Whether someone who holds this secret of the key can do something with it, now or once the key is enabled again. */
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

async function isRecorded(db: Kysely<ControlSchema>, keyId: string, version: number): Promise<boolean> {
  const row = await db
    .selectFrom('leaked_secrets')
    .select('version')
    .where('key_id', '=', keyId)
    .where('version', '=', version)
    .executeTakeFirst();
  return row !== undefined;
}

/**
 * Stores the report and what follows from it, together, and returns what followed. Only the first report of a secret
 * counts for disabling: a second one does not give the key more time, nor touch one that was enabled again.
 */
async function storeLeak(
  services: LeakServices,
  tx: ControlTransaction,
  revision: number,
  { key: { id }, secret: { version } }: FoundKey,
  actor: Actor,
): Promise<Reaction> {
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
  if (isFirst) await recordReport(services, tx, revision, key, version, actor);
  if (reaction === 'revoke') await storeRevocation(services, tx, revision, key, { reason: 'leaked', actor });
  return isFirst || reaction === 'revoke' ? reaction : 'nothing';
}

/** Marks the key, which bars restoring it, only when the secret could come alive again with it. */
async function recordReport(
  { clock, audit }: LeakServices,
  tx: ControlTransaction,
  revision: number,
  key: ApiKey,
  version: number,
  actor: Actor,
): Promise<void> {
  const now = clock.now();
  if (isLive(key, version, now) && key.leakReportedAt === null) {
    await tx
      .updateTable('api_keys')
      .set({ leak_reported_at: now, revision })
      .where('id', '=', key.id)
      .execute();
  }
  const diff = { leaked_secret: [null, version] } as const;
  const { id: target, projectId } = key;
  await audit.append(tx, { projectId, actor, action: 'api_key.leak_reported', target, diff });
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
