import { ApiError } from '../api/errors.ts';
import type { BrowserRequest } from '../api/raw-request.ts';
import { requireTls } from '../api/raw-request.ts';
import type { AccountServices } from './account.ts';
import { findPersonId } from './account.ts';
import { limitAttempts, passwordBuckets, recordFailedAttempt } from './attempts.ts';
import { CHALLENGE_COOKIE, isRefusal, toAuthHeaders } from './auth-request.ts';
import { findKnownDevice } from './known-device.ts';
import { findPasswordHash, isPasswordUnchanged } from './password.ts';
import type { People } from './people.ts';
import { type StartedSession, startSession } from './start-session.ts';

/** The outcome of a sign-in: a session, or the challenge of a second factor whose code is still missing. */
export type SignInOutcome = StartedSession | { challenge: string };

type Credentials = { email: string; password: string };

/**
 * Signs a person in. Throws 401 `invalid_credentials`, with the same text and after the same work whether or not the
 * account exists, 429 after too many failures, and 503 if too many others are signing in.
 */
export async function signIn(
  services: AccountServices,
  request: BrowserRequest,
  sent: Credentials,
): Promise<SignInOutcome> {
  requireTls(request);
  const credentials = { ...sent, email: sent.email.toLowerCase() };
  const { email } = credentials;
  const { db } = services.control;
  const personId = await findPersonId(db, email);
  // Read before better-auth reads it: the password it accepts is this one, or replaced it meanwhile.
  const hash = await findPasswordHash(db, personId ?? '');
  const deviceId = findKnownDevice(services, request, { personId, passwordHash: hash });
  const { hasher } = services.people;
  const buckets = passwordBuckets({ email, network: request.network, deviceId });
  const outcome = await limitAttempts(services, buckets, async () => {
    const trying = () => tryPassword(services, request, credentials);
    const accepted = await (deviceId === undefined ? trying() : hasher.asKnown(trying));
    if (!accepted) return undefined;
    if ('token' in accepted)
      return startSession(services, request, accepted.token, (tx, id) => isPasswordUnchanged(tx, id, hash));
    // A later change of the password deletes the challenge.
    return (await isPasswordUnchanged(db, personId ?? '', hash)) ? accepted : undefined;
  });
  if (outcome) return outcome;
  await recordFailedAttempt(services, request, personId);
  throw new ApiError('invalid_credentials', { detail: 'The email address or password is wrong.' });
}

async function tryPassword(
  { people }: { people: People },
  request: BrowserRequest,
  body: Credentials,
): Promise<{ token: string } | { challenge: string } | undefined> {
  const { api } = await people.auth();
  try {
    const { response, headers } = await api.signInEmail({
      body,
      headers: toAuthHeaders(request),
      returnHeaders: true,
    });
    const challenge = readChallenge(headers);
    return challenge === undefined ? { token: response.token } : { challenge };
  } catch (error) {
    if (isRefusal(error)) return undefined;
    throw error;
  }
}

function readChallenge(headers: Headers): string | undefined {
  const start = `${CHALLENGE_COOKIE}=`;
  const line = headers.getSetCookie().find((one) => one.startsWith(start));
  return line?.slice(start.length).split(';', 1)[0] || undefined;
}
