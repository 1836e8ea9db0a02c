import type { Static } from 'typebox';
import { ApiError } from '../api/errors.ts';
import type { IdempotencyKey } from '../api/route.ts';
import type { ControlTransaction, Write } from '../control/control.ts';
import { type ApiKey, liveSecrets, statusOf } from '../directory/key.ts';
import type { Project } from '../directory/project.ts';
import { getStoredKey } from '../directory/records.ts';
import { openAnswer, sealAnswer } from '../idempotency/idempotency-key.ts';
import { type IdempotencyRecord, REPLAYABLE_MS } from '../idempotency/records.ts';
import { runOnce } from '../idempotency/run-once.ts';
import type { KeyServices, KeyWithSecret } from './create.ts';
import { type Grantor, requireNoEscalation } from './escalation.ts';
import { type KEY_WITH_SECRET_JSON, toKeyJson } from './key-json.ts';

type KeyWithSecretJson = Static<typeof KEY_WITH_SECRET_JSON>;

/** A request for a new key or secret. Without an idempotency key, every request is carried out. */
export type SecretRequest = { project: Project; by: Grantor; idempotencyKey: IdempotencyKey | undefined };

/**
 * Runs `create` in a write and returns the key with its new secret; for an idempotency key that was used before, the
 * first answer. Throws 422 if the body differs from the first one, 409 if the secret cannot be shown again or no longer
 * works, 403 if the key now has more permissions than the grantor.
 */
export async function createSecretOnce(
  services: KeyServices,
  request: SecretRequest,
  create: (write: Write) => Promise<KeyWithSecret>,
): Promise<KeyWithSecretJson> {
  const { control, directory, clock } = services;
  const { by, idempotencyKey } = request;
  const answer = await control.write(by.recheck, async (write) =>
    runOnce(write, idempotencyKey, clock.now(), {
      async create() {
        const { key, secret } = await create(write);
        const result = { ...toKeyJson(services, key), key: secret };
        const sealedAnswer = idempotencyKey ? sealAnswer(idempotencyKey, result) : null;
        return { result, createdId: result.id, sealedAnswer };
      },
      replay: (record) => replayAnswer(services, write.tx, request, record),
    }),
  );
  await directory.refresh();
  return answer;
}

async function replayAnswer(
  services: KeyServices,
  tx: ControlTransaction,
  { project, by, idempotencyKey }: SecretRequest,
  record: IdempotencyRecord,
): Promise<KeyWithSecretJson> {
  const now = services.clock.now();
  const key = await getStoredKey(tx, record.createdId);
  // Returning a secret again grants it again, and the caller may have fewer permissions by now.
  await requireNoEscalation(services, tx, by, { target: key, project, keyName: 'The key' });
  const sealed = now - record.createdAt < REPLAYABLE_MS ? record.sealedAnswer : null;
  // Sealed and authenticated by this server, so it is what the first request returned.
  const answer = (idempotencyKey && sealed !== null ? openAnswer(idempotencyKey, sealed) : undefined) as
    | KeyWithSecretJson
    | undefined;
  // An answer sealed by an earlier release lacks the members that were added since.
  if (answer !== undefined && isSecretValid(key, answer, now))
    return { ...toKeyJson(services, key), ...answer };
  throw new ApiError('idempotency_replay_expired', {
    detail: `This request already succeeded. The key is ${record.createdId}; its secret can no longer be shown.`,
    members: { key_id: record.createdId },
  });
}

/** Whether the secret in an answer still works. It is the newest of the secrets that the answer lists. */
function isSecretValid(key: ApiKey, { secrets: [newest] }: KeyWithSecretJson, now: number): boolean {
  const status = statusOf(key, now);
  if (status === 'revoked' || status === 'expired') return false;
  return liveSecrets(key, now).some(({ version }) => version === newest?.version);
}
