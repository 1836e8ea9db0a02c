import { randomBytes } from 'node:crypto';
import type { Actor, SignedIn } from '../api/caller.ts';
import { ApiError, validationFailed } from '../api/errors.ts';
import type { Audit } from '../audit/audit.ts';
import type { ControlTransaction } from '../control/control.ts';
import { newId } from '../lib/id.ts';
import type { AccountServices } from './account.ts';
import { appendForPerson } from './account.ts';
import { limitAttempts, sessionBuckets } from './attempts.ts';
import type { People } from './people.ts';
import { loadTotpCipher } from './totp-cipher.ts';
import { findTotpStep, toBase32 } from './totp-code.ts';

/** What an authenticator app needs, and the backup codes for when it is lost. Shown once. */
export type TotpOffer = { uri: string; secret: string; backup_codes: string[] };

const BACKUP_CODES = 10;

/**
 * Creates a second factor for the caller, which applies once `confirmTotp` was called. Stored in the format of the
 * twoFactor plugin of better-auth 1.7, which asks for it at sign-in. Throws 409 if there is one already.
 */
export async function offerTotp(
  services: AccountServices,
  { session: { person }, recheck }: SignedIn,
): Promise<TotpOffer> {
  const { encrypt } = await loadTotpCipher(services);
  // 24 characters of base64url, 144 random bits: the plugin uses the text itself as the key.
  const secret = randomBytes(18).toString('base64url');
  const codes = Array.from({ length: BACKUP_CODES }, createBackupCode);
  const offer = { secret: await encrypt(secret), backup_codes: await encrypt(JSON.stringify(codes)) };
  await services.control.write(recheck, async ({ tx }) => {
    const known = await tx
      .selectFrom('two_factors')
      .select('id')
      .where('person_id', '=', person.id)
      .where('verified', '=', 1)
      .executeTakeFirst();
    if (known)
      throw new ApiError('conflict', {
        detail: 'Two-factor authentication is already on. Turn it off first.',
      });
    await tx.deleteFrom('two_factors').where('person_id', '=', person.id).execute();
    await tx
      .insertInto('two_factors')
      .values({
        ...offer,
        id: newId('row'),
        person_id: person.id,
        verified: 0,
        failed_verification_count: 0,
        locked_until: null,
        last_step: 0,
      })
      .execute();
  });
  return {
    uri: toOtpauthUri(person.email, secret),
    secret: toBase32(Buffer.from(secret)),
    backup_codes: codes,
  };
}

const toOtpauthUri = (email: string, secret: string) =>
  `otpauth://totp/Appflow:${encodeURIComponent(email)}?secret=${toBase32(Buffer.from(secret))}&issuer=Appflow&digits=6&period=30`;

/** Twice five letters and digits: 50 random bits, and wrong codes are limited. */
function createBackupCode(): string {
  const text = toBase32(randomBytes(7)).toLowerCase();
  return `${text.slice(0, 5)}-${text.slice(5, 10)}`;
}

/** Enables the caller's new second factor with one of its codes. Throws 422 for a wrong code, 409 if there is none, 429. */
export async function confirmTotp(services: AccountServices, caller: SignedIn, code: string): Promise<void> {
  const { control, clock } = services;
  const { id: personId } = caller.session.person;
  const offered = await control.db
    .selectFrom('two_factors')
    .select(['id', 'secret'])
    .where('person_id', '=', personId)
    .where('verified', '=', 0)
    .executeTakeFirst();
  if (!offered)
    throw new ApiError('conflict', { detail: 'Two-factor authentication is not being set up. Start again.' });
  const { decrypt } = await loadTotpCipher(services);
  const last_step = await limitAttempts(services, sessionBuckets('sign-in-code', caller.session), async () =>
    findTotpStep(await decrypt(offered.secret), code, clock.now()),
  );
  if (last_step === undefined) {
    const message =
      'The code is wrong or has expired. Check the time on your phone, then enter the next code.';
    throw validationFailed([{ field: 'code', code: 'invalid_choice', message }]);
  }
  await control.write(caller.recheck, async ({ tx }) => {
    await tx
      .updateTable('two_factors')
      .set({ verified: 1, last_step })
      .where('id', '=', offered.id)
      .execute();
    await tx.updateTable('people').set({ two_factor_enabled: 1 }).where('id', '=', personId).execute();
    await appendForPerson(services, tx, { personId, actor: caller.actor, action: 'account.totp_enabled' });
  });
}

/**
 * Spends a code that was valid at `nowMs`, so that it cannot be used twice (RFC 6238 §5.2). Returns false if it, or a
 * later one, was used before: of two concurrent sign-ins with one code, one succeeds.
 */
export async function spendTotpCode(
  services: { people: People },
  tx: ControlTransaction,
  { personId, code, nowMs }: { personId: string; code: string; nowMs: number },
): Promise<boolean> {
  const { decrypt } = await loadTotpCipher(services);
  const known = await tx
    .selectFrom('two_factors')
    .select(['id', 'secret'])
    .where('person_id', '=', personId)
    .executeTakeFirst();
  if (!known) return false;
  const step = findTotpStep(await decrypt(known.secret), code, nowMs);
  if (step === undefined) return false;
  const spent = await tx
    .updateTable('two_factors')
    .set({ last_step: step })
    .where('id', '=', known.id)
    .where('last_step', '<', step)
    .returning('id')
    .executeTakeFirst();
  return spent !== undefined;
}

/** Removes the caller's second factor; does nothing without one. */
export async function removeTotp(
  services: AccountServices,
  { session, actor, recheck }: SignedIn,
): Promise<void> {
  await services.control.write(recheck, ({ tx }) => deleteTotp(services, tx, session.person.id, actor));
}

/** Removes a person's second factor and backup codes, in the caller's transaction; does nothing without one. */
export async function deleteTotp(
  services: { audit: Audit },
  tx: ControlTransaction,
  personId: string,
  actor: Actor,
): Promise<void> {
  await tx.deleteFrom('two_factors').where('person_id', '=', personId).execute();
  const disabled = await tx
    .updateTable('people')
    .set({ two_factor_enabled: 0 })
    .where('id', '=', personId)
    .where('two_factor_enabled', '=', 1)
    .returning('id')
    .executeTakeFirst();
  if (disabled) await appendForPerson(services, tx, { personId, actor, action: 'account.totp_disabled' });
}
