import { ApiError } from '../api/errors.ts';
import type { BrowserRequest } from '../api/raw-request.ts';
import { requireTls } from '../api/raw-request.ts';
import type { AccountServices } from './account.ts';
import { findPersonId } from './account.ts';
import { limitAttempts, recordFailedAttempt } from './attempts.ts';
import { authHeaders, CHALLENGE_COOKIE, isRefusal } from './auth-request.ts';
import { type BegunSession, beginSession } from './begin-session.ts';
import { findPasswordHash, isPasswordStill } from './password.ts';
import type { People } from './people.ts';

/** What signing in comes to: a session, or that a code is still to be given. */
export type SignInOutcome = BegunSession | { challenge: string };

type Credentials = { email: string; password: string };

/**
 * Signs a person in. Throws 401 `invalid_credentials`, in the same words and after the same work whether there is such
 * an account or not, and 429 after five failures within a minute.
 */
export async function signIn(
  services: AccountServices,
  visit: BrowserRequest,
  sent: Credentials,
): Promise<SignInOutcome> {
  requireTls(visit);
  const credentials = { ...sent, email: sent.email.toLowerCase() };
  const { email } = credentials;
  const { db } = services.control;
  const personId = await findPersonId(db, email);
  // Read before better-auth reads it: what it then finds right is this one, or was put in its place meanwhile.
  const hash = await findPasswordHash(db, personId ?? '');
  const outcome = await limitAttempts(services, { email, network: visit.network }, async () => {
    const given = await tryPassword(services, visit, credentials);
    if (!given) return undefined;
    if ('token' in given)
      return beginSession(services, visit, given.token, (tx, id) => isPasswordStill(tx, id, hash));
    // A change from here on ends it: what waits for a code ends with the password.
    return (await isPasswordStill(db, personId ?? '', hash)) ? given : undefined;
  });
  if (outcome) return outcome;
  await recordFailedAttempt(services, visit, personId);
  throw new ApiError('invalid_credentials', { detail: 'The e-mail address or the password is wrong.' });
}

async function tryPassword(
  { people }: { people: People },
  visit: BrowserRequest,
  body: Credentials,
): Promise<{ token: string } | { challenge: string } | undefined> {
  const { api } = await people.auth();
  try {
    const { response, headers } = await api.signInEmail({
      body,
      headers: authHeaders(visit),
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
