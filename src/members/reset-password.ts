import type { Visit } from '../http/route.ts';
import type { Actor } from '../keys/actor.ts';
import type { Services } from '../services.ts';
import { appendForPerson, hashPassword } from './account.ts';
import { RESET_MS } from './lifetimes.ts';
import { insertLink, linkOver, requireLink, spendLink } from './one-time-link.ts';
import { requireSafeWay } from './sign-in.ts';
import { storePassword } from './store-password.ts';

/** Returns the token of a link to a new password, for 1 h and one use; undefined when nobody has this address. */
export async function createResetLink(
  services: Pick<Services, 'control' | 'clock' | 'audit'>,
  email: string,
  actor: Actor,
): Promise<string | undefined> {
  const { control, clock } = services;
  return control.write(async (tx) => {
    const person = await tx
      .selectFrom('people')
      .select('id')
      .where('email', '=', email.trim().toLowerCase())
      .executeTakeFirst();
    if (!person) return undefined;
    const { id: personId } = person;
    await appendForPerson(services, tx, { personId, actor, action: 'account.reset_link_created' });
    const now = clock.now();
    return insertLink(tx, { purpose: 'reset', personId, expiresAt: now + RESET_MS }, now);
  });
}

/** Sets a new password by a link; whoever is signed in to the account is signed out. Throws 404 for a spent link. */
export async function resetPassword(
  services: Services,
  visit: Visit,
  { token, password }: { token: string; password: string },
): Promise<void> {
  requireSafeWay(visit);
  await requireLink(services, 'reset', token);
  const passwordHash = await hashPassword(services, password);
  await services.control.write(async (tx) => {
    const personId = await spendLink(tx, 'reset', token, services.clock.now());
    if (personId === null) throw linkOver();
    await storePassword(services, tx, personId, passwordHash);
    const actor: Actor = { type: 'member', id: personId, ip: visit.address, requestId: visit.requestId };
    await appendForPerson(services, tx, { personId, actor, action: 'account.password_reset' });
  });
}
