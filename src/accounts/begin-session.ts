import type { Transaction } from 'kysely';
import type { Actor, Session } from '../api/caller.ts';
import type { BrowserRequest } from '../api/raw-request.ts';
import { anonymousActor } from '../api/raw-request.ts';
import { NO_CALLER } from '../control/open.ts';
import type { ControlSchema } from '../control/schema.ts';
import { newId } from '../lib/id.ts';
import type { AccountServices } from './account.ts';
import { appendForPerson } from './account.ts';
import { agentOf } from './auth-request.ts';
import { SESSION_SECONDS } from './lifetimes.ts';
import { findSession } from './sessions.ts';
import { createToken, hashToken } from './token.ts';

type Tx = Transaction<ControlSchema>;

/** A session that has just begun, and the token of its cookie. */
export type BegunSession = { token: string; session: Session };

/**
 * Begins the session that better-auth made for a password or code it found right. Returns undefined, and leaves none,
 * when it was ended meanwhile or `isStillRight` says that what it was made for has lapsed.
 */
export async function beginSession(
  services: AccountServices,
  visit: BrowserRequest,
  token: string,
  isStillRight: (tx: Tx, personId: string) => Promise<boolean>,
): Promise<BegunSession | undefined> {
  return services.control.write(NO_CALLER, async ({ tx }) => {
    const session = await findSession({ control: { db: tx }, clock: services.clock }, token);
    if (!session) return undefined;
    if (!(await isStillRight(tx, session.person.id))) {
      // Returned, not thrown: that would bring it back.
      await tx.deleteFrom('sessions').where('id', '=', session.id).execute();
      return undefined;
    }
    await describeDevice(services, tx, anonymousActor(visit, session.person.id));
    return { token, session };
  });
}

/** Makes a session for a new account, in the transaction that makes the account: whoever just chose a password knows it. */
export async function insertSession(
  services: AccountServices,
  tx: Tx,
  visit: BrowserRequest,
  actor: Actor,
): Promise<BegunSession> {
  const { clock } = services;
  const token = createToken();
  const created_at = new Date(clock.now()).toISOString();
  await tx
    .insertInto('sessions')
    .values({
      id: newId('ses'),
      token: hashToken(token),
      person_id: actor.id,
      ip_address: visit.address,
      user_agent: agentOf(visit) ?? null,
      stepped_up_until: null,
      expires_at: new Date(clock.now() + SESSION_SECONDS * 1_000).toISOString(),
      created_at,
      updated_at: created_at,
    })
    .execute();
  await describeDevice(services, tx, actor);
  const session = await findSession({ control: { db: tx }, clock }, token);
  if (!session) throw new Error('A session was stored and is not there.');
  return { token, session };
}

async function describeDevice(services: AccountServices, tx: Tx, actor: Actor): Promise<void> {
  // Nobody can come back to a session that is over, and people sign in seldom enough to tidy up then.
  const now = new Date(services.clock.now()).toISOString();
  await tx.deleteFrom('sessions').where('expires_at', '<=', now).execute();
  await appendForPerson(services, tx, { personId: actor.id, actor, action: 'session.started' });
}
