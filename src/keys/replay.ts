import type { Static } from 'typebox';
import { ApiError } from '../api/errors.ts';
import type { Intent } from '../api/route.ts';
import type { ControlTransaction } from '../control/open.ts';
import { type ApiKey, liveSecrets, statusOf } from '../directory/key.ts';
import type { Project } from '../directory/project.ts';
import { getStoredKey } from '../directory/records.ts';
import { openAnswer, sealAnswer } from '../idempotency/idempotency-key.ts';
import { findIdempotentCall, insertIdempotentCall, REPLAYABLE_MS } from '../idempotency/records.ts';
import type { KeyServices, MintedKey } from './create.ts';
import { type Maker, requireWithin } from './escalation.ts';
import { type MINTED_KEY_JSON, tellKey } from './key-json.ts';

type MintedKeyJson = Static<typeof MINTED_KEY_JSON>;

/** Who wants a key or a secret, where, and what it wants done once; without an intent, each call is one of its own. */
export type Asked = { project: Project; maker: Maker; intent: Intent | undefined };

type Mint = (tx: ControlTransaction, revision: number) => Promise<MintedKey>;

/**
 * Runs `mint` in a transaction and returns its answer; for an intent that was carried out before, the answer it had.
 * The key and the note of the intent are one transaction, so there are never two keys for one intent, whenever the
 * process dies; and writers wait for one another, so a second call never finds the first half done. Throws 422 when
 * the body is another than before, 409 when the secret can no longer be shown or works no more, 403 when the key reaches
 * further than its maker by now.
 */
export async function mintOnce(services: KeyServices, asked: Asked, mint: Mint): Promise<MintedKeyJson> {
  const { control, directory, clock } = services;
  const { intent } = asked;
  const answer = await control.write(async (tx, revision) => {
    const known = intent && (await findAnswer(services, tx, intent, asked));
    if (known) return known;
    const { key, secret } = await mint(tx, revision);
    const fresh = { ...tellKey(services, key), key: secret };
    if (intent) {
      const call = { madeId: fresh.id, sealedAnswer: sealAnswer(intent, fresh), createdAt: clock.now() };
      await insertIdempotentCall(tx, intent, call);
    }
    return fresh;
  });
  await directory.refresh();
  return answer;
}

async function findAnswer(
  services: KeyServices,
  tx: ControlTransaction,
  intent: Intent,
  { project, maker }: Asked,
): Promise<MintedKeyJson | undefined> {
  const now = services.clock.now();
  const call = await findIdempotentCall(tx, intent, now);
  if (!call) return undefined;
  const key = await getStoredKey(tx, call.madeId);
  // To be told a secret is to be given it: whoever asks may have less by now.
  await requireWithin(services, tx, key, maker, project, 'The key');
  // Sealed by this server and authenticated: it is what was answered then.
  const sealed = now - call.createdAt < REPLAYABLE_MS ? call.sealedAnswer : null;
  const answer = (sealed === null ? undefined : openAnswer(intent, sealed)) as MintedKeyJson | undefined;
  if (answer !== undefined && isSecretAlive(key, answer, now)) return answer;
  throw new ApiError('idempotency_replay_expired', {
    detail: `This was done; the key is ${call.madeId}. Its secret can no longer be shown.`,
    members: { key_id: call.madeId },
  });
}

/** The newest of an answer's secrets is the one it tells. */
function isSecretAlive(key: ApiKey, { secrets: [told] }: MintedKeyJson, now: number): boolean {
  const status = statusOf(key, now);
  if (status === 'revoked' || status === 'expired') return false;
  return liveSecrets(key, now).some(({ version }) => version === told?.version);
}
