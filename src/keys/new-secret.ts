import type { ControlTransaction } from '../control/control.ts';
import type { ApiKey } from '../directory/key.ts';
import type { Pepper } from '../directory/secret.ts';
import { createSecret, encodeMac, hintOf, macOf } from '../directory/secret.ts';
import type { Clock } from '../lib/clock.ts';

/** Creates a secret for a key and returns it. Only its MAC is stored. */
export async function insertSecret(
  { pepper, clock }: { pepper: Pepper; clock: Clock },
  tx: ControlTransaction,
  { id, type }: Pick<ApiKey, 'id' | 'type'>,
  version: number,
): Promise<string> {
  const secret = createSecret(type);
  await tx
    .insertInto('key_secrets')
    .values({
      key_id: id,
      version,
      mac: encodeMac(macOf(secret, pepper)),
      pepper_id: pepper.id,
      hint: hintOf(secret),
      created_at: clock.now(),
      expires_at: null,
      revoked_at: null,
      first_used_at: null,
      grace_ms: null,
    })
    .execute();
  return secret;
}
