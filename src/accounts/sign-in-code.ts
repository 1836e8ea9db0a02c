import { ApiError } from '../api/errors.ts';
import type { BrowserRequest } from '../api/raw-request.ts';
import { requireTls } from '../api/raw-request.ts';
import type { Control } from '../control/open.ts';
import type { AccountServices } from './account.ts';
import { recordFailedAttempt, tooManyAttempts } from './attempts.ts';
import { type AuthRefusal, authHeaders, CHALLENGE_COOKIE, isRefusal } from './auth-request.ts';
import { type BegunSession, beginSession } from './begin-session.ts';
import { findPasswordHash, isPasswordStill } from './password.ts';
import type { People } from './people.ts';
import { spendTotpCode } from './totp.ts';

const TOTP_CODE = /^\d{6}$/;

/** Signs a person in who gave the right password before, by a code of the app or a backup code. Throws 401, 429. */
export async function signInWithCode(
  services: AccountServices,
  visit: BrowserRequest,
  { challenge, code }: { challenge: string | undefined; code: string },
): Promise<BegunSession> {
  requireTls(visit);
  const personId = challenge && (await findChallenged(services, challenge));
  if (!personId) throw challengeOver();
  const hash = await findPasswordHash(services.control.db, personId);
  const isTotp = TOTP_CODE.test(code);
  const nowMs = Date.now();
  const { api } = await services.people.auth();
  const verify = isTotp ? api.verifyTOTP : api.verifyBackupCode;
  try {
    const headers = authHeaders(visit, `${CHALLENGE_COOKIE}=${challenge}`);
    const { token } = await verify({ body: { code }, headers });
    const begun = await beginSession(services, visit, String(token), async (tx) => {
      if (!(await isPasswordStill(tx, personId, hash))) return false;
      // A backup code is spent by better-auth.
      return !isTotp || spendTotpCode(services, tx, { personId, code, nowMs });
    });
    if (begun) return begun;
  } catch (error) {
    if (!isRefusal(error)) throw error;
    await recordFailedAttempt(services, visit, personId);
    throw await toCodeRefusal(services, personId, error);
  }
  await recordFailedAttempt(services, visit, personId);
  throw wrongCode();
}

/** Returns who gave the password that a challenge followed, undefined when it is over. Its signature is better-auth's to judge. */
async function findChallenged(
  { people }: { people: People },
  challenge: string,
): Promise<string | undefined> {
  const [, identifier] = /^(2fa-[\w-]+)\./.exec(challenge) ?? [];
  if (identifier === undefined) return undefined;
  const { internalAdapter } = await (await people.auth()).$context;
  const found = await internalAdapter.findVerificationValue(identifier);
  return found?.value;
}

const challengeOver = () =>
  new ApiError('not_signed_in', { detail: 'That took too long. Start again with your password.' });

const wrongCode = () =>
  new ApiError('invalid_credentials', { detail: 'The code is wrong, was used, or is too old.' });

async function toCodeRefusal(
  services: AccountServices,
  personId: string,
  { statusCode, body }: AuthRefusal,
): Promise<ApiError> {
  if (statusCode === 429) {
    const seconds = await countLockedSeconds(services, personId);
    return tooManyAttempts('Too many wrong codes for this account.', seconds);
  }
  if (body?.code === 'INVALID_TWO_FACTOR_COOKIE' || body?.code === 'TOO_MANY_ATTEMPTS_REQUEST_NEW_CODE')
    return challengeOver();
  return wrongCode();
}

/** By the machine's clock, as better-auth locked it. */
async function countLockedSeconds({ control }: { control: Control }, personId: string): Promise<number> {
  const row = await control.db
    .selectFrom('two_factors')
    .select('locked_until')
    .where('person_id', '=', personId)
    .executeTakeFirst();
  const lockedMs = row?.locked_until ? Date.parse(row.locked_until) - Date.now() : 0;
  return Math.max(1, Math.ceil(lockedMs / 1_000));
}
