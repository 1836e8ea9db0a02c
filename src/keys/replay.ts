import type { Static } from 'typebox';
import { ApiError } from '../api/errors.ts';
import type { IdempotencyKey } from '../api/route.ts';
import type { ControlTransaction, Write } from '../control/open.ts';
import { type ApiKey, liveSecrets, statusOf } from '../directory/key.ts';
import type { Project } from '../directory/project.ts';
import { getStoredKey } from '../directory/records.ts';
import { openAnswer, sealAnswer } from '../idempotency/idempotency-key.ts';
import { findIdempotencyRecord, insertIdempotencyRecord, REPLAYABLE_MS } from '../idempotency/records.ts';
import type { KeyServices, KeyWithSecret } from './create.ts';
import { type Grantor, requireNoEscalation } from './escalation.ts';
import { type KEY_WITH_SECRET_JSON, toKeyJson } from './key-json.ts';

type KeyWithSecretJson = Static<typeof KEY_WITH_SECRET_JSON>;

/** A request for a new key or secret. Without an idempotency key, every request is carried out. */
export type RunOnceRequest = { project: Project; by: Grantor; idempotencyKey: IdempotencyKey | undefined };

/**
 * Runs `create` in a write and returns its answer; for an idempotency key that was used before, the first answer. The key
 * and the idempotency record are stored in one transaction, so a crash never leaves two keys for one request; and writes
 * run one after another, so a second request never finds the first half done.
 * Throws 422 if the body differs from the first one, 409 if the secret cannot be shown again or no longer works, 403 if
 * the key now has more permissions than the grantor.
 */
export async function runOnce(
  services: KeyServices,
  request: RunOnceRequest,
  create: (write: Write) => Promise<KeyWithSecret>,
): Promise<KeyWithSecretJson> {
  const { control, directory, clock } = services;
  const { by, idempotencyKey } = request;
  const answer = await control.write(by.recheck, async (write) => {
    const { tx } = write;
    const replayed = idempotencyKey && (await findAnswer(services, tx, idempotencyKey, request));
    if (replayed) return replayed;
    const { key, secret } = await create(write);
    const created = { ...toKeyJson(services, key), key: secret };
    if (idempotencyKey) {
      const sealedAnswer = sealAnswer(idempotencyKey, created);
      const record = { createdId: created.id, sealedAnswer, createdAt: clock.now() };
      await insertIdempotencyRecord(tx, idempotencyKey, record);
    }
    return created;
  });
  await directory.refresh();
  return answer;
}

async function findAnswer(
  services: KeyServices,
  tx: ControlTransaction,
  idempotencyKey: IdempotencyKey,
  { project, by }: RunOnceRequest,
): Promise<KeyWithSecretJson | undefined> {
  const now = services.clock.now();
  const record = await findIdempotencyRecord(tx, idempotencyKey, now);
  if (!record) return undefined;
  const key = await getStoredKey(tx, record.createdId);
  // Returning a secret again grants it again, and the caller may have fewer permissions by now.
  await requireNoEscalation(services, tx, by, { target: key, project, keyName: 'The key' });
  // Sealed and authenticated by this server, so it is what the first request returned.
  const sealed = now - record.createdAt < REPLAYABLE_MS ? record.sealedAnswer : null;
  const answer = (sealed === null ? undefined : openAnswer(idempotencyKey, sealed)) as
    | KeyWithSecretJson
    | undefined;
  if (answer !== undefined && isSecretValid(key, answer, now)) return answer;
  throw new ApiError('idempotency_replay_expired', {
    detail: `This was done; the key is ${record.createdId}. Its secret can no longer be shown.`,
    members: { key_id: record.createdId },
  });
}

/** Whether the secret in an answer still works. It is the newest of the secrets that the answer lists. */
function isSecretValid(key: ApiKey, { secrets: [newest] }: KeyWithSecretJson, now: number): boolean {
  const status = statusOf(key, now);
  if (status === 'revoked' || status === 'expired') return false;
  return liveSecrets(key, now).some(({ version }) => version === newest?.version);
}
