import type { Actor } from '../api/caller.ts';
import type { BrowserRequest } from '../api/raw-request.ts';
import { anonymousActor, requireTls } from '../api/raw-request.ts';
import type { Audit } from '../audit/audit.ts';
import { diffOf } from '../audit/audit.ts';
import type { Control } from '../control/open.ts';
import { NO_CALLER } from '../control/open.ts';
import type { Clock } from '../lib/clock.ts';
import type { AccountServices } from './account.ts';
import { appendForPerson, findPersonId, hashPassword } from './account.ts';
import { RESET_MS } from './lifetimes.ts';
import { insertLink, type LinkPurpose, linkOver, requireLink, spendLink } from './one-time-link.ts';
import { storePassword } from './password.ts';
import { deleteTotp } from './totp.ts';

/** What a link to a new password may be for. */
export type ResetPurpose = Exclude<LinkPurpose, 'setup'>;

const RESET_PURPOSES: readonly ResetPurpose[] = ['reset', 'reset_without_totp'];

/** Returns the token of a link to a new password, for 1 h and one use; undefined when nobody has this address. */
export async function createResetLink(
  services: { control: Control; clock: Clock; audit: Audit },
  email: string,
  purpose: ResetPurpose,
  actor: Actor,
): Promise<string | undefined> {
  const { control, clock } = services;
  return control.write(NO_CALLER, async ({ tx }) => {
    const personId = await findPersonId(tx, email);
    if (personId === undefined) return undefined;
    const diff = diffOf({}, { purpose });
    await appendForPerson(services, tx, { personId, actor, action: 'account.reset_link_created', diff });
    const now = clock.now();
    return insertLink(tx, { purpose, personId, expiresAt: now + RESET_MS }, now);
  });
}

/**
 * Sets a new password by a link, and removes the second factor if that is what the link is for, in one transaction;
 * whoever is signed in to the account is signed out. Throws 404 for a spent link.
 */
export async function resetPassword(
  services: AccountServices,
  visit: BrowserRequest,
  { token, password }: { token: string; password: string },
): Promise<void> {
  requireTls(visit);
  await requireLink(services, RESET_PURPOSES, token);
  const passwordHash = await hashPassword(services, password);
  await services.control.write(NO_CALLER, async ({ tx }) => {
    const { personId, purpose } = await spendLink(tx, RESET_PURPOSES, token, services.clock.now());
    if (personId === null) throw linkOver();
    await storePassword(services, tx, personId, passwordHash);
    const actor = anonymousActor(visit, personId);
    await appendForPerson(services, tx, { personId, actor, action: 'account.password_reset' });
    if (purpose === 'reset_without_totp') await deleteTotp(services, tx, personId, actor);
  });
}
