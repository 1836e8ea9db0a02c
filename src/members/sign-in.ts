import { ApiError } from '../http/errors.ts';
import type { Visit } from '../http/route.ts';
import { holdsKey } from '../keys/holds-a-key.ts';
import type { Services } from '../services.ts';
import { appendForPerson, listProjectIds } from './account.ts';
import { ADDRESS_HEADER } from './address-header.ts';
import { attemptWithin } from './attempt.ts';
import { findPersonId } from './find-person.ts';
import { findSession } from './find-session.ts';
import type { Session } from './person.ts';
import { actorOfVisit } from './visit-actor.ts';

/** What signing in comes to: a session and the token of its cookie, or that a code is still to be given. */
export type SignInOutcome = { token: string; session: Session } | { challenge: string };

/** better-auth's own cookie between password and code. It never leaves the process: ours carries its value. */
const CHALLENGE_COOKIE = 'better-auth.two_factor';

/**
 * Signs a person in. Throws 401 `invalid_credentials`, in the same words and after the same work whether there is such
 * an account or not, and 429 after five failures within a minute.
 */
export async function signIn(
  services: Services,
  visit: Visit,
  body: { email: string; password: string },
): Promise<SignInOutcome> {
  requireSafeWay(visit);
  const email = body.email.toLowerCase();
  const outcome = await attemptWithin(services, { email, network: visit.network }, () =>
    tryPassword(services, visit, { email, password: body.password }),
  );
  if (!outcome) {
    await noteFailure(services, visit, email);
    throw new ApiError('invalid_credentials', { detail: 'The e-mail address or the password is wrong.' });
  }
  if ('challenge' in outcome) return outcome;
  return begin(services, visit, outcome.token);
}

/** Throws 403 when the connection is one on which a password could be read on the way. */
export function requireSafeWay({ allowsSignIn }: Visit): void {
  if (!allowsSignIn) throw new ApiError('tls_required');
}

async function tryPassword(
  { people }: Services,
  visit: Visit,
  body: { email: string; password: string },
): Promise<{ token: string } | { challenge: string } | undefined> {
  const { api } = await people.auth();
  try {
    const { response, headers } = await api.signInEmail({
      body,
      headers: headersFor(visit),
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

/** Only what a session's row tells later: no cookie of the request, which could make it another's. */
function headersFor({ address, headers }: Visit, cookie?: string): Headers {
  const sent = new Headers({ [ADDRESS_HEADER]: address });
  const agent = headers['user-agent'];
  // It is stored with the session; a key that came in the wrong header must not be.
  if (agent !== undefined && !holdsKey(agent)) sent.set('user-agent', agent.slice(0, 300));
  if (cookie !== undefined) sent.set('cookie', cookie);
  return sent;
}

/** better-auth refuses with an error that has a status, as HTTP has it. */
function isRefusal(error: unknown): error is Error & { statusCode: number; body?: { code?: string } } {
  if (!(error instanceof Error && 'statusCode' in error)) return false;
  return typeof error.statusCode === 'number' && error.statusCode < 500;
}

const TOTP_CODE = /^\d{6}$/;

/** Signs a person in who gave the right password before, by a code of the app or a backup code. Throws 401, 429. */
export async function signInWithCode(
  services: Services,
  visit: Visit,
  { challenge, code }: { challenge: string | undefined; code: string },
): Promise<SignInOutcome> {
  requireSafeWay(visit);
  if (challenge === undefined) throw challengeOver();
  const { api } = await services.people.auth();
  const verify = TOTP_CODE.test(code) ? api.verifyTOTP : api.verifyBackupCode;
  try {
    const answer = await verify({
      body: { code },
      headers: headersFor(visit, `${CHALLENGE_COOKIE}=${challenge}`),
    });
    return await begin(services, visit, String(answer.token));
  } catch (error) {
    if (!isRefusal(error)) throw error;
    await noteFailure(services, visit, undefined);
    throw toCodeRefusal(error);
  }
}

const challengeOver = () =>
  new ApiError('not_signed_in', { detail: 'That took too long. Start again with your password.' });

function toCodeRefusal({ statusCode, body }: { statusCode: number; body?: { code?: string } }): ApiError {
  if (statusCode === 429)
    return new ApiError('rate_limited', { detail: TOO_MANY_CODES, headers: { 'Retry-After': '900' } });
  if (body?.code === 'INVALID_TWO_FACTOR_COOKIE' || body?.code === 'TOO_MANY_ATTEMPTS_REQUEST_NEW_CODE')
    return challengeOver();
  return new ApiError('invalid_credentials', { detail: 'The code is wrong, was used, or is too old.' });
}

const TOO_MANY_CODES = 'Too many wrong codes for this account. Try again in 15 minutes.';

async function begin(
  services: Services,
  visit: Visit,
  token: string,
): Promise<{ token: string; session: Session }> {
  const session = await findSession(services, token);
  if (!session) throw new Error('A session was made and is not there.');
  const { id } = session.person;
  const actor = actorOfVisit(visit, id);
  await services.control.write(async (tx) => {
    // Nobody can come back to a session that is over, and people sign in seldom enough to tidy up then.
    const now = new Date(services.clock.now()).toISOString();
    await tx.deleteFrom('sessions').where('expires_at', '<=', now).execute();
    await appendForPerson(services, tx, { personId: id, actor, action: 'session.started' });
  });
  return { token, session };
}

/** Told to the projects of the account, if there is one. Only queued: writing it would tell by the time it takes. */
async function noteFailure(
  { control, failures }: Services,
  { address, requestId }: Visit,
  email: string | undefined,
): Promise<void> {
  const failure = { code: 'invalid_credentials', found: undefined, address, requestId } as const;
  const id = await findPersonId(control.db, email ?? '');
  const projectIds = await listProjectIds(control.db, id ?? '');
  if (id === undefined || projectIds.length === 0) return failures.note(failure);
  for (const projectId of projectIds) failures.note({ ...failure, person: { id, projectId } });
}
