import type { SignedIn } from '../api/caller.ts';
import { ApiError } from '../api/errors.ts';
import { requireNoKeysIn } from '../api/validate.ts';
import { diffOf } from '../audit/diff.ts';
import { URGENT } from '../control/control.ts';
import type { AccountServices } from './account.ts';
import { appendForPerson, findPersonId } from './account.ts';
import { hashPassword, storePassword } from './password.ts';

/** The fields of their account that a person can change. */
export type AccountChange = { name?: string; email?: string };

/** Changes the caller's name and email address. Throws 409 if another account has the address, 422 for an API key in them. */
export async function updateAccount(
  services: AccountServices,
  { session: { person }, actor, recheck }: SignedIn,
  change: AccountChange,
): Promise<void> {
  requireNoKeysIn({ name: change.name, email: change.email });
  const { control, clock } = services;
  const after = {
    name: change.name?.trim() ?? person.name,
    email: change.email?.toLowerCase() ?? person.email,
  };
  await control.write(recheck, async ({ tx }) => {
    const holder = await findPersonId(tx, after.email);
    if (holder !== undefined && holder !== person.id)
      throw new ApiError('conflict', { detail: 'Another account uses this email address.' });
    const updated_at = new Date(clock.now()).toISOString();
    await tx
      .updateTable('people')
      .set({ ...after, updated_at })
      .where('id', '=', person.id)
      .execute();
    const diff = diffOf({ name: person.name, email: person.email }, after);
    if (diff)
      await appendForPerson(services, tx, { personId: person.id, actor, action: 'account.updated', diff });
  });
}

/** Changes the caller's password and revokes their other sessions. */
export async function changePassword(
  services: AccountServices,
  { session, actor, recheck }: SignedIn,
  newPassword: string,
): Promise<void> {
  const { id: personId } = session.person;
  const passwordHash = await hashPassword(services, newPassword);
  await services.control.write(
    recheck,
    async ({ tx }) => {
      await storePassword(services, tx, personId, passwordHash, session.id);
      await appendForPerson(services, tx, { personId, actor, action: 'account.password_changed' });
    },
    URGENT,
  );
}
