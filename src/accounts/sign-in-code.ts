import { ApiError } from '../api/errors.ts';
import type { BrowserRequest } from '../api/raw-request.ts';
import { requireTls } from '../api/raw-request.ts';
import type { AccountServices } from './account.ts';
import { codeBuckets, limitAttempts, recordFailedAttempt } from './attempts.ts';
import { type AuthRefusal, CHALLENGE_COOKIE, isRefusal, toAuthHeaders } from './auth-request.ts';
import { findKnownDevice } from './known-device.ts';
import { findPasswordHash, isPasswordUnchanged } from './password.ts';
import type { People } from './people.ts';
import { TOTP_CODE, WRONG_CODE } from './second-factor.ts';
import { type StartedSession, startSession } from './start-session.ts';
import { spendTotpCode } from './totp.ts';

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
  const passwordHash = await findPasswordHash(services.control.db, personId);
  const account = { personId, passwordHash };
  const buckets = codeBuckets(personId, findKnownDevice(services, request, account));
  const started = await limitAttempts(services, buckets, () =>
    tryCode(services, request, account, { challenge, code }),
  );
  if (started) return started;
  await recordFailedAttempt(services, request, personId);
  throw wrongCode();
}

/** Returns the session that the code starts; undefined for a wrong code. */
async function tryCode(
  services: AccountServices,
  request: BrowserRequest,
  { personId, passwordHash }: { personId: string; passwordHash: string | undefined },
  { challenge, code }: { challenge: string; code: string },
): Promise<StartedSession | undefined> {
  const isTotp = TOTP_CODE.test(code);
  // The machine's clock, by which better-auth checks the code: both must find the same time step.
  const nowMs = Date.now();
  const { api } = await services.people.auth();
  const verify = isTotp ? api.verifyTOTP : api.verifyBackupCode;
  try {
    const headers = toAuthHeaders(request, `${CHALLENGE_COOKIE}=${challenge}`);
    const { token } = await verify({ body: { code }, headers });
    return await startSession(services, request, String(token), async (tx) => {
      if (!(await isPasswordUnchanged(tx, personId, passwordHash))) return false;
      // better-auth spends backup codes itself.
      return !isTotp || spendTotpCode(services, tx, { personId, code, nowMs });
    });
  } catch (error) {
    if (!isRefusal(error)) throw error;
    if (!isChallengeExpired(error)) return undefined;
    await recordFailedAttempt(services, request, personId);
    throw challengeExpired();
  }
}

const isChallengeExpired = ({ body }: AuthRefusal) =>
  body?.code === 'INVALID_TWO_FACTOR_COOKIE' || body?.code === 'TOO_MANY_ATTEMPTS_REQUEST_NEW_CODE';

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
  new ApiError('not_signed_in', { detail: 'The sign-in has expired. Start again with your password.' });

const wrongCode = () => new ApiError('invalid_credentials', { detail: WRONG_CODE });
