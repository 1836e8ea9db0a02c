import type { Static } from 'typebox';
import { ApiError } from '../api/errors.ts';
import type { IdempotencyKey } from '../api/route.ts';
import type { ControlTransaction } from '../control/open.ts';
import { NO_CALLER } from '../control/open.ts';
import { type ApiKey, liveSecrets, statusOf } from '../directory/key.ts';
import type { Project } from '../directory/project.ts';
import { getStoredKey } from '../directory/records.ts';
import { openAnswer, sealAnswer } from '../idempotency/idempotency-key.ts';
import { findIdempotencyRecord, insertIdempotencyRecord, REPLAYABLE_MS } from '../idempotency/records.ts';
import type { KeyServices, KeyWithSecret } from './create.ts';
import { type Grantor, requireNoEscalation } from './escalation.ts';
import { type KEY_WITH_SECRET_JSON, toKeyJson } from './key-json.ts';

type KeyWithSecretJson = Static<typeof KEY_WITH_SECRET_JSON>;

/** Who wants a key or a secret, where, and what it wants done once; without an intent, each call is one of its own. */
export type RunOnceRequest = { project: Project; maker: Grantor; intent: IdempotencyKey | undefined };

type CreateSecret = (tx: ControlTransaction, revision: number) => Promise<KeyWithSecret>;

/**
 * Runs `mint` in a transaction and returns its answer; for an intent that was carried out before, the answer it had.
 * The key and the note of the intent are one transaction, so there are never two keys for one intent, whenever the
 * process dies; and writers wait for one another, so a second call never finds the first half done. Throws 422 when
 * the body is another than before, 409 when the secret can no longer be shown or works no more, 403 when the key reaches
 * further than its maker by now.
 */
export async function runOnce(
  services: KeyServices,
  asked: RunOnceRequest,
  mint: CreateSecret,
): Promise<KeyWithSecretJson> {
  const { control, directory, clock } = services;
  const { intent } = asked;
  const answer = await control.write(NO_CALLER, async ({ tx, revision }) => {
    const known = intent && (await findAnswer(services, tx, intent, asked));
    if (known) return known;
    const { key, secret } = await mint(tx, revision);
    const fresh = { ...toKeyJson(services, key), key: secret };
    if (intent) {
      const call = { createdId: fresh.id, sealedAnswer: sealAnswer(intent, fresh), createdAt: clock.now() };
      await insertIdempotencyRecord(tx, intent, call);
    }
    return fresh;
  });
  await directory.refresh();
  return answer;
}

async function findAnswer(
  services: KeyServices,
  tx: ControlTransaction,
  intent: IdempotencyKey,
  { project, maker }: RunOnceRequest,
): Promise<KeyWithSecretJson | undefined> {
  const now = services.clock.now();
  const call = await findIdempotencyRecord(tx, intent, now);
  if (!call) return undefined;
  const key = await getStoredKey(tx, call.createdId);
  // To be told a secret is to be given it: whoever asks may have less by now.
  await requireNoEscalation(services, tx, key, maker, project, 'The key');
  // Sealed by this server and authenticated: it is what was answered then.
  const sealed = now - call.createdAt < REPLAYABLE_MS ? call.sealedAnswer : null;
  const answer = (sealed === null ? undefined : openAnswer(intent, sealed)) as KeyWithSecretJson | undefined;
  if (answer !== undefined && isSecretAlive(key, answer, now)) return answer;
  throw new ApiError('idempotency_replay_expired', {
    detail: `This was done; the key is ${call.createdId}. Its secret can no longer be shown.`,
    members: { key_id: call.createdId },
  });
}

/** The newest of an answer's secrets is the one it tells. */
function isSecretAlive(key: ApiKey, { secrets: [told] }: KeyWithSecretJson, now: number): boolean {
  const status = statusOf(key, now);
  if (status === 'revoked' || status === 'expired') return false;
  return liveSecrets(key, now).some(({ version }) => version === told?.version);
}
