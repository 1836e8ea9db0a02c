import type { Actor, Session } from '../api/caller.ts';
import { CAPS } from '../api/caps.ts';
import type { BrowserRequest } from '../api/raw-request.ts';
import { anonymousActor } from '../api/raw-request.ts';
import { type ControlTransaction, NO_CALLER, URGENT } from '../control/control.ts';
import { newId } from '../lib/id.ts';
import type { AccountServices } from './account.ts';
import { appendForPerson } from './account.ts';
import { SESSION_SECONDS } from './account-rules.ts';
import { findUserAgent } from './auth-request.ts';
import { findSession } from './sessions.ts';
import { createToken, hashToken } from './token.ts';

/** A new session, and the token for its cookie. */
export type StartedSession = { token: string; session: Session };

/**
 * Starts the session that better-auth created for a correct password or code. Returns undefined, and deletes the
 * session, if it was revoked meanwhile or if `isStillValid` returns false: what it was created for no longer applies.
 */
export async function startSession(
  services: AccountServices,
  request: BrowserRequest,
  token: string,
  isStillValid: (tx: ControlTransaction, personId: string) => Promise<boolean>,
): Promise<StartedSession | undefined> {
  return services.control.write(
    NO_CALLER,
    async ({ tx }) => {
      const session = await findSession({ control: { db: tx }, clock: services.clock }, token);
      if (!session) return undefined;
      if (!(await isStillValid(tx, session.person.id))) {
        // Returned, not thrown: a rollback would restore it.
        await tx.deleteFrom('sessions').where('id', '=', session.id).execute();
        return undefined;
      }
      await recordStart(services, tx, anonymousActor(request, session.person.id), session.id);
      return { token, session };
    },
    URGENT,
  );
}

/** Creates a session in the transaction that creates the account: its password was just chosen, so it is not asked again. */
export async function insertSession(
  services: AccountServices,
  tx: ControlTransaction,
  request: BrowserRequest,
  actor: Actor,
): Promise<StartedSession> {
  const { clock } = services;
  const token = createToken();
  const id = newId('ses');
  const created_at = new Date(clock.now()).toISOString();
  await tx
    .insertInto('sessions')
    .values({
      id,
      token: hashToken(token),
      person_id: actor.id,
      ip_address: request.address,
      user_agent: findUserAgent(request) ?? null,
      stepped_up_until: null,
      expires_at: new Date(clock.now() + SESSION_SECONDS * 1_000).toISOString(),
      created_at,
      updated_at: created_at,
    })
    .execute();
  await recordStart(services, tx, actor, id);
  const session = await findSession({ control: { db: tx }, clock }, token);
  if (!session) throw new Error('A session was stored and is not there.');
  return { token, session };
}

async function recordStart(
  services: AccountServices,
  tx: ControlTransaction,
  actor: Actor,
  sessionId: string,
): Promise<void> {
  // Expired sessions are never used again, and sign-ins are rare enough to clean up here.
  const now = new Date(services.clock.now()).toISOString();
  await tx.deleteFrom('sessions').where('expires_at', '<=', now).execute();
  await endOldest(tx, actor.id, sessionId);
  await appendForPerson(services, tx, { personId: actor.id, actor, action: 'session.started' });
}

/** The new session stays even if the clock was set back, which makes it look like the oldest. */
async function endOldest(tx: ControlTransaction, personId: string, startedId: string): Promise<void> {
  const others = tx.selectFrom('sessions').where('person_id', '=', personId).where('id', '!=', startedId);
  const oldest = others
    .select('id')
    .orderBy('created_at', 'desc')
    // SQLite has no offset without a limit.
    .limit(Number.MAX_SAFE_INTEGER)
    .offset(CAPS.sessionsPerPerson - 1);
  await tx.deleteFrom('sessions').where('id', 'in', oldest).execute();
}
