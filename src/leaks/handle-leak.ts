import type { Actor } from '../keys/actor.ts';
import type { FoundKey } from '../keys/directory.ts';
import { type ApiKey, liveSecrets, statusOf } from '../keys/key.ts';
import { reportLeak } from '../keys/report-leak.ts';
import { revokeKey } from '../keys/revoke.ts';
import type { Services } from '../services.ts';

const MINUTE_MS = 60_000;

type LeakServices = Pick<Services, 'control' | 'directory' | 'clock' | 'audit' | 'log'>;

/**
 * Does what a project wants done with a key that was found in public. Doing it again changes nothing: a client key is
 * labelled; any other is revoked at once, or noted to be disabled after the project's minutes.
 */
export async function handleLeak(
  services: LeakServices,
  { key, secret }: FoundKey,
  actor: Actor,
): Promise<void> {
  const { directory, clock, log } = services;
  const now = clock.now();
  await reportLeak(services, key, actor);
  // Nobody can use a secret that has ended, so the key itself is not in danger.
  const isLive = liveSecrets(key, now).some(({ version }) => version === secret.version);
  if (key.type === 'client' || !isLive || ['revoked', 'expired'].includes(statusOf(key, now))) return;
  const policy = directory.findProject(key.projectId)?.leakedKeyPolicy ?? 'revoke';
  if (policy === 'revoke') {
    await revokeKey(services, key, 'leaked', actor);
    log.warn({ keyId: key.id, projectId: key.projectId }, 'a leaked API key was revoked');
    return;
  }
  await noteToDisable(services, key, now + policy * MINUTE_MS);
}

/** Only the first report counts: a second one does not give the key more time, nor touch one that was enabled again. */
async function noteToDisable({ control, log }: LeakServices, key: ApiKey, disableAt: number): Promise<void> {
  const { numInsertedOrUpdatedRows } = await control.db
    .insertInto('leaked_keys')
    .values({ key_id: key.id, disable_at: disableAt, done_at: null })
    .onConflict((conflict) => conflict.column('key_id').doNothing())
    .executeTakeFirst();
  if (!numInsertedOrUpdatedRows) return;
  const until = new Date(disableAt).toISOString();
  log.warn({ keyId: key.id, projectId: key.projectId, until }, 'a leaked API key is going to be disabled');
}
