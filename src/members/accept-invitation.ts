import type { Selectable, Transaction } from 'kysely';
import { findPersonId, hashPassword, insertAccount } from '../accounts/account.ts';
import { insertSession } from '../accounts/begin-session.ts';
import { linkOver } from '../accounts/one-time-link.ts';
import { type SignInOutcome, signIn } from '../accounts/sign-in.ts';
import { hashToken } from '../accounts/token.ts';
import type { Actor, SignedIn } from '../api/caller.ts';
import { ApiError, validationFailed } from '../api/errors.ts';
import { anonymousActor, type BrowserRequest, requireTls } from '../api/raw-request.ts';
import type { Control } from '../control/open.ts';
import { NO_CALLER } from '../control/open.ts';
import type { InvitationTable } from '../control/people-schema.ts';
import type { ControlSchema } from '../control/schema.ts';
import { readRole } from '../directory/scopes.ts';
import type { Clock } from '../lib/clock.ts';
import { findRole, insertMember, type MemberServices } from './membership.ts';

type Tx = Transaction<ControlSchema>;
type Invitation = Selectable<InvitationTable>;

/** Returns what an invitation is to, for whoever holds its link. Throws 404 when it does not work (any more). */
export async function previewInvitation(services: MemberServices, token: string) {
  const { email, role, project_id } = await getInvitation(services, token);
  const project = services.directory.findProject(project_id);
  if (!project) throw linkOver();
  const personId = await findPersonId(services.control.db, email);
  return { project_name: project.name, role: readRole(role), email, has_account: personId !== undefined };
}

/** What the page of an invitation sends: for a new account name and password, for one that exists its password or none. */
export type Acceptance = { token: string; name?: string; password?: string };

/**
 * Accepts an invitation: as whoever is signed in, or by signing in, or with a new account. Returns how that came out,
 * undefined when nothing changed about who is signed in. With a second factor the code comes first, and then it is
 * accepted once more as signed in. Throws 404 for a spent link, 409 when somebody else is signed in, 401, 422, 429.
 */
export async function acceptInvitation(
  services: MemberServices,
  visit: BrowserRequest,
  caller: SignedIn | undefined,
  { token, name, password }: Acceptance,
): Promise<SignInOutcome | undefined> {
  requireTls(visit);
  const { email } = await getInvitation(services, token);
  if (caller && password === undefined) {
    if (caller.session.person.email !== email) throw wrongAccount(email);
    await join(services, token, caller.actor);
    return undefined;
  }
  if (password === undefined) throw missing('password');
  if ((await findPersonId(services.control.db, email)) !== undefined) {
    const outcome = await signIn(services, visit, { email, password });
    if ('session' in outcome) await join(services, token, anonymousActor(visit, outcome.session.person.id));
    return outcome;
  }
  if (name === undefined) throw missing('name');
  const passwordHash = await hashPassword(services, password);
  return services.control.write(NO_CALLER, async ({ tx }) => {
    const invitation = await spendInvitation(services, tx, token);
    const actor = await insertAccount(services, tx, { name, email, passwordHash }, visit);
    await insertInvited(services, tx, invitation, actor);
    return insertSession(services, tx, visit, actor);
  });
}

const wrongAccount = (email: string) =>
  new ApiError('conflict', {
    detail: `The invitation is for ${email}. Sign out first, then open the link again.`,
  });

const missing = (field: string) =>
  validationFailed([{ field, code: 'required', message: `${field} is required.` }]);

/** Makes whoever has an account a member. Throws 404 when the invitation does not work (any more), 409 for a member. */
async function join(services: MemberServices, token: string, actor: Actor): Promise<void> {
  await services.control.write(NO_CALLER, async ({ tx }) =>
    insertInvited(services, tx, await spendInvitation(services, tx, token), actor),
  );
}

/** Spends an invitation in the transaction that stores the membership: of many at the same moment, one joins. */
async function spendInvitation({ clock }: { clock: Clock }, tx: Tx, token: string): Promise<Invitation> {
  const spent = await tx
    .deleteFrom('invitations')
    .where('token_hash', '=', hashToken(token))
    .returningAll()
    .executeTakeFirst();
  if (!spent || spent.expires_at <= clock.now()) throw linkOver();
  return spent;
}

async function insertInvited(
  services: MemberServices,
  tx: Tx,
  { project_id: projectId, role }: Invitation,
  actor: Actor,
): Promise<void> {
  const known = await findRole({ control: { db: tx } }, projectId, actor.id);
  if (known) throw new ApiError('conflict', { detail: 'You are a member of this project already.' });
  await insertMember(services, tx, { projectId, personId: actor.id, role: readRole(role) }, actor);
}

async function getInvitation(
  { control, clock }: { control: Control; clock: Clock },
  token: string,
): Promise<Invitation> {
  const row = await control.db
    .selectFrom('invitations')
    .selectAll()
    .where('token_hash', '=', hashToken(token))
    .where('expires_at', '>', clock.now())
    .executeTakeFirst();
  if (!row) throw linkOver();
  return row;
}
