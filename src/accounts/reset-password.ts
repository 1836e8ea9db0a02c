import type { Requester } from '../api/caller.ts';
import type { BrowserRequest } from '../api/raw-request.ts';
import { anonymousActor, requireTls } from '../api/raw-request.ts';
import type { Audit } from '../audit/audit.ts';
import { diffOf } from '../audit/diff.ts';
import { type Control, NO_CALLER, URGENT } from '../control/control.ts';
import type { Clock } from '../lib/clock.ts';
import type { AccountServices } from './account.ts';
import { appendForPerson, findPersonId } from './account.ts';
import { RESET_MS } from './account-rules.ts';
import { rememberDevice } from './known-device.ts';
import {
  deleteLinks,
  findLink,
  hashAndSpend,
  insertLink,
  type LinkPurpose,
  spendLink,
  unusableLink,
} from './one-time-link.ts';
import { hashPassword, storePassword } from './password.ts';
import { deleteTotp } from './totp.ts';

/** The purposes of a password reset link. */
export type ResetPurpose = Exclude<LinkPurpose, 'setup'>;

const RESET_PURPOSES: readonly ResetPurpose[] = ['reset', 'reset_without_totp'];

/** Returns the token of a password reset link that works once, for 1 h; undefined if no account has the email address. */
export async function createResetLink(
  services: { control: Control; clock: Clock; audit: Audit },
  email: string,
  purpose: ResetPurpose,
  { actor, recheck }: Requester,
): Promise<string | undefined> {
  const { control, clock } = services;
  return control.write(
    recheck,
    async ({ tx }) => {
      const personId = await findPersonId(tx, email);
      if (personId === undefined) return undefined;
      const diff = diffOf({}, { purpose });
      await appendForPerson(services, tx, { personId, actor, action: 'account.reset_link_created', diff });
      const now = clock.now();
      await deleteLinks(tx, personId);
      return insertLink(tx, { purpose, personId, expiresAt: now + RESET_MS }, now);
    },
    URGENT,
  );
}

/**
 * Sets a new password with a reset link, revokes all sessions of the account, and removes the second factor if that is
 * the link's purpose, in one transaction. The browser becomes a known device: the link works for its owner while the
 * account is attacked. Throws 404 if the link does not work, 429 after too many that did not.
 */
export async function resetPassword(
  services: AccountServices,
  request: BrowserRequest,
  { token, password }: { token: string; password: string },
): Promise<void> {
  requireTls(request);
  const find = () => findLink(services, RESET_PURPOSES, token);
  const personId = await hashAndSpend(services, request, { token, find }, async () => {
    const passwordHash = await hashPassword(services, password);
    return spendReset(services, request, token, passwordHash);
  });
  await rememberDevice(services, request, personId);
}

function spendReset(
  services: AccountServices,
  request: BrowserRequest,
  token: string,
  passwordHash: string,
): Promise<string> {
  return services.control.write(
    NO_CALLER,
    async ({ tx }) => {
      const { personId, purpose } = await spendLink(tx, RESET_PURPOSES, token, services.clock.now());
      if (personId === null) throw unusableLink();
      await storePassword(services, tx, personId, passwordHash);
      const actor = anonymousActor(request, personId);
      await appendForPerson(services, tx, { personId, actor, action: 'account.password_reset' });
      if (purpose === 'reset_without_totp') await deleteTotp(services, tx, personId, actor);
      return personId;
    },
    URGENT,
  );
}
