import { ApiError } from '../api/errors.ts';
import type { BrowserRequest } from '../api/raw-request.ts';
import { requireTls } from '../api/raw-request.ts';
import type { Control } from '../control/open.ts';
import type { AccountServices } from './account.ts';
import { recordFailedAttempt, tooManyAttempts } from './attempts.ts';
import { type AuthRefusal, CHALLENGE_COOKIE, isRefusal, toAuthHeaders } from './auth-request.ts';
import { findPasswordHash, isPasswordUnchanged } from './password.ts';
import type { People } from './people.ts';
import { type StartedSession, startSession } from './start-session.ts';
import { spendTotpCode } from './totp.ts';

const TOTP_CODE = /^\d{6}$/;

/**
 * Completes a sign-in that has passed the password, with a code of the authenticator app or a backup code. Throws 401 for
 * a wrong code or an expired challenge, and 429 after too many.
 */
export async function signInWithCode(
  services: AccountServices,
  request: BrowserRequest,
  { challenge, code }: { challenge: string | undefined; code: string },
): Promise<StartedSession> {
  requireTls(request);
  const personId = challenge && (await findChallengedPerson(services, challenge));
  if (!personId) throw challengeExpired();
  const hash = await findPasswordHash(services.control.db, personId);
  const isTotp = TOTP_CODE.test(code);
  // The machine's clock, by which better-auth checks the code: both must find the same time step.
  const nowMs = Date.now();
  const { api } = await services.people.auth();
  const verify = isTotp ? api.verifyTOTP : api.verifyBackupCode;
  try {
    const headers = toAuthHeaders(request, `${CHALLENGE_COOKIE}=${challenge}`);
    const { token } = await verify({ body: { code }, headers });
    const started = await startSession(services, request, String(token), async (tx) => {
      if (!(await isPasswordUnchanged(tx, personId, hash))) return false;
      // better-auth spends backup codes itself.
      return !isTotp || spendTotpCode(services, tx, { personId, code, nowMs });
    });
    if (started) return started;
  } catch (error) {
    if (!isRefusal(error)) throw error;
    await recordFailedAttempt(services, request, personId);
    throw await toCodeRefusal(services, personId, error);
  }
  await recordFailedAttempt(services, request, personId);
  throw wrongCode();
}

/**
 * Returns the ID of the person whose sign-in a challenge continues; undefined if it has expired. Does not check its
 * signature: better-auth does.
 */
async function findChallengedPerson(
  { people }: { people: People },
  challenge: string,
): Promise<string | undefined> {
  const [, identifier] = /^(2fa-[\w-]+)\./.exec(challenge) ?? [];
  if (identifier === undefined) return undefined;
  const { internalAdapter } = await (await people.auth()).$context;
  const found = await internalAdapter.findVerificationValue(identifier);
  return found?.value;
}

const challengeExpired = () =>
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
    return challengeExpired();
  return wrongCode();
}

/** Returns the seconds until the account is unlocked, by the machine's clock, like better-auth's lock. */
async function countLockedSeconds({ control }: { control: Control }, personId: string): Promise<number> {
  const row = await control.db
    .selectFrom('two_factors')
    .select('locked_until')
    .where('person_id', '=', personId)
    .executeTakeFirst();
  const lockedMs = row?.locked_until ? Date.parse(row.locked_until) - Date.now() : 0;
  return Math.max(1, Math.ceil(lockedMs / 1_000));
}
