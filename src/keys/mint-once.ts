import type { Static } from 'typebox';
import { ApiError } from '../http/errors.ts';
import type { Services } from '../services.ts';
import type { MintedKey } from './create.ts';
import { type Intent, openAnswer, sealAnswer } from './intent.ts';
import { type MINTED_KEY_JSON, type TellServices, tellKey } from './key-json.ts';
import { forgetAnswers, REPLAYABLE_MS } from './replays.ts';
import type { ControlTransaction } from './stored-key.ts';

type MintedKeyJson = Static<typeof MINTED_KEY_JSON>;

type MintServices = Pick<Services, 'control' | 'directory' | 'clock'> & TellServices;

type Mint = (tx: ControlTransaction, revision: number) => Promise<MintedKey>;

/**
 * Runs `mint` in a transaction and returns its answer; for an intent that was carried out before, the answer it had.
 * The key and the note of the intent are one transaction, so there are never two keys for one intent, whenever the
 * process dies; and writers wait for one another, so a second call never finds the first half done. Throws 422 when
 * the body is another than before, 409 when the secret can no longer be shown.
 */
export async function mintOnce(
  services: MintServices,
  intent: Intent | undefined,
  mint: Mint,
): Promise<MintedKeyJson> {
  const { control, directory, clock } = services;
  if (intent) await forgetAnswers(control, clock.now());
  const answer = await control.write(async (tx, revision) => {
    const known = intent && (await findAnswer(tx, intent, clock.now()));
    if (known) return known;
    const { key, secret } = await mint(tx, revision);
    const fresh = { ...tellKey(services, key), key: secret };
    if (intent) await noteAnswer(tx, intent, fresh, clock.now());
    return fresh;
  });
  await directory.refresh();
  return answer;
}

async function findAnswer(
  tx: ControlTransaction,
  intent: Intent,
  now: number,
): Promise<MintedKeyJson | undefined> {
  const call = await tx
    .selectFrom('idempotent_calls')
    .selectAll()
    .where('intent', '=', intent.id)
    .executeTakeFirst();
  if (!call) return undefined;
  if (call.body_hash !== intent.bodyHash) throw new ApiError('idempotency_key_reused');
  const isReplayable = call.sealed_answer !== null && now - call.created_at < REPLAYABLE_MS;
  const answer = isReplayable ? openAnswer(intent, call.sealed_answer ?? '') : undefined;
  // Sealed by this server and authenticated: it is what was answered then.
  if (answer !== undefined) return answer as MintedKeyJson;
  throw new ApiError('idempotency_replay_expired', {
    detail: `This was done; the key is ${call.key_id}. Its secret can no longer be shown.`,
    members: { key_id: call.key_id },
  });
}

async function noteAnswer(
  tx: ControlTransaction,
  intent: Intent,
  answer: MintedKeyJson,
  now: number,
): Promise<void> {
  const row = { intent: intent.id, body_hash: intent.bodyHash, key_id: answer.id, created_at: now };
  await tx
    .insertInto('idempotent_calls')
    .values({ ...row, sealed_answer: sealAnswer(intent, answer) })
    .execute();
}
