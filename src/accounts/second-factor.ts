import type { ControlTransaction } from '../control/control.ts';
import type { People } from './people.ts';
import { spendTotpCode } from './totp.ts';
import { loadTotpCipher } from './totp-cipher.ts';

/** A code as it was sent: of the authenticator app, or a backup code; undefined if none was. */
export type SentCode = { personId: string; code: string | undefined; nowMs: number };

/** A code of an authenticator app. */
export const TOTP_CODE = /^\d{6}$/;

/** What to say of a code that was not accepted. */
export const WRONG_CODE = 'The code is wrong, was already used, or has expired. Enter the next one.';

/**
 * Spends a code of a person's second factor, in the caller's transaction, so that none works twice. Returns false for a
 * wrong, used or missing one, and true for a person without a second factor.
 */
export async function spendSecondFactor(
  services: { people: People },
  tx: ControlTransaction,
  { personId, code: sent, nowMs }: SentCode,
): Promise<boolean> {
  const factor = await tx
    .selectFrom('two_factors')
    .select(['id', 'backup_codes'])
    .where('person_id', '=', personId)
    .where('verified', '=', 1)
    .executeTakeFirst();
  if (!factor) return true;
  const code = sent?.trim() ?? '';
  if (TOTP_CODE.test(code)) return spendTotpCode(services, tx, { personId, code, nowMs });
  const { decrypt, encrypt } = await loadTotpCipher(services);
  const codes: string[] = JSON.parse(await decrypt(factor.backup_codes));
  if (!codes.includes(code)) return false;
  const backup_codes = await encrypt(JSON.stringify(codes.filter((one) => one !== code)));
  await tx.updateTable('two_factors').set({ backup_codes }).where('id', '=', factor.id).execute();
  return true;
}
