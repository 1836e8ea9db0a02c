import type { ControlTransaction } from '../control/open.ts';
import type { ApiKey } from '../directory/key.ts';
import { toApiKey } from '../directory/records.ts';

/**
 * Returns a key as it is stored at this moment. Verbs decide on this, inside the transaction that writes, and not on
 * what they saw before: of two changes at once, the second sees the first.
 */
export async function getStoredKey(tx: ControlTransaction, keyId: string): Promise<ApiKey> {
  const row = await tx.selectFrom('api_keys').selectAll().where('id', '=', keyId).executeTakeFirstOrThrow();
  const secrets = await tx.selectFrom('key_secrets').selectAll().where('key_id', '=', keyId).execute();
  return toApiKey(row, secrets);
}
