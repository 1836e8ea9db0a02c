import type { Selectable } from 'kysely';
import { findPersonId, insertAccount } from '../accounts/account.ts';
import { limitAttempts, linkBuckets } from '../accounts/attempts.ts';
import { hashAndSpend, unusableLink } from '../accounts/one-time-link.ts';
import { hashPassword } from '../accounts/password.ts';
import { type SignInOutcome, signIn } from '../accounts/sign-in.ts';
import { insertSession, type StartedSession } from '../accounts/start-session.ts';
import { hashToken } from '../accounts/token.ts';
import type { Actor, Requester, SignedIn } from '../api/caller.ts';
import { ApiError, validationFailed } from '../api/errors.ts';
import { anonymousActor, type BrowserRequest, requireTls } from '../api/raw-request.ts';
import { requireNoKeysIn } from '../api/validate.ts';
import { type ControlTransaction, NO_CALLER } from '../control/control.ts';
import type { InvitationTable } from '../control/people-schema.ts';
import { readRole } from '../directory/scopes.ts';
import type { Clock } from '../lib/clock.ts';
import { findRole, insertMember, type MemberServices } from './membership.ts';

type Invitation = Selectable<InvitationTable>;

/** Returns the project, role and email address of the invitation with this token. Throws 404 if it does not work, 429. */
export async function previewInvitation(
  services: MemberServices,
  request: Pick<BrowserRequest, 'network'>,
  token: string,
) {
  const { email, role, project_id } = await getInvitation(services, request, token);
  const project = services.directory.findProject(project_id);
  if (!project) throw unusableLink();
  const personId = await findPersonId(services.control.db, email);
  return { project_name: project.name, role: readRole(role), email, has_account: personId !== undefined };
}

/** What the invitation page sends: name and password for a new account; for an existing one its password, or neither. */
export type Acceptance = { token: string; name?: string; password?: string };

/**
 * Accepts an invitation for the signed-in caller, after a sign-in, or for a new account. Returns the outcome of the
 * sign-in, undefined if the caller was signed in already. An account with a second factor gets a challenge only: once
 * signed in with the code, it accepts again. Throws 404 for a spent link, 409 for another caller's account, 401, 422, 429.
 */
export async function acceptInvitation(
  services: MemberServices,
  request: BrowserRequest,
  caller: SignedIn | undefined,
  { token, name, password }: Acceptance,
): Promise<SignInOutcome | undefined> {
  requireTls(request);
  const { email } = await getInvitation(services, request, token);
  if (caller && password === undefined) {
    if (caller.session.person.email !== email) throw wrongAccount(email);
    await joinProject(services, token, caller);
    return undefined;
  }
  if (password === undefined) throw missing('password');
  if ((await findPersonId(services.control.db, email)) !== undefined) {
    const outcome = await signIn(services, request, { email, password });
    if ('session' in outcome) {
      const actor = anonymousActor(request, outcome.session.person.id);
      await joinProject(services, token, { actor, recheck: NO_CALLER });
    }
    return outcome;
  }
  if (name === undefined) throw missing('name');
  return createInvited(services, request, { token, name, email, password });
}

/** Creates the account that an invitation is for, and signs it in. */
function createInvited(
  services: MemberServices,
  request: BrowserRequest,
  { token, name, email, password }: Required<Acceptance> & { email: string },
): Promise<StartedSession> {
  requireNoKeysIn({ name, email });
  const find = () => findInvitation(services, token);
  return hashAndSpend(services, request, { token, find }, async () => {
    const passwordHash = await hashPassword(services, password);
    return services.control.write(NO_CALLER, async ({ tx }) => {
      const invitation = await spendInvitation(services, tx, token);
      const actor = await insertAccount(services, tx, { name, email, passwordHash }, request);
      await insertInvited(services, tx, invitation, actor);
      return insertSession(services, tx, request, actor);
    });
  });
}

const wrongAccount = (email: string) =>
  new ApiError('conflict', {
    detail: `The invitation is for ${email}. Sign out first, then open the link again.`,
  });

const missing = (field: string) =>
  validationFailed([{ field, code: 'required', message: `${field} is required.` }]);

/** Makes a person with an account a member. Throws 404 if the invitation does not work, 409 for a member. */
async function joinProject(services: MemberServices, token: string, by: Requester): Promise<void> {
  await services.control.write(by.recheck, async ({ tx }) =>
    insertInvited(services, tx, await spendInvitation(services, tx, token), by.actor),
  );
}

/** Spends an invitation in the transaction that stores the membership: of many concurrent requests, one succeeds. */
async function spendInvitation(
  { clock }: { clock: Clock },
  tx: ControlTransaction,
  token: string,
): Promise<Invitation> {
  const spent = await tx
    .deleteFrom('invitations')
    .where('token_hash', '=', hashToken(token))
    .where('project_id', 'in', liveProjectIds(tx))
    .returningAll()
    .executeTakeFirst();
  if (!spent || spent.expires_at <= clock.now()) throw unusableLink();
  return spent;
}

async function insertInvited(
  services: MemberServices,
  tx: ControlTransaction,
  { project_id: projectId, role }: Invitation,
  actor: Actor,
): Promise<void> {
  const known = await findRole({ control: { db: tx } }, projectId, actor.id);
  if (known) throw new ApiError('conflict', { detail: 'You are already a member of this project.' });
  await insertMember(services, tx, { projectId, personId: actor.id, role: readRole(role) }, actor);
}

async function getInvitation(
  services: MemberServices,
  { network }: Pick<BrowserRequest, 'network'>,
  token: string,
): Promise<Invitation> {
  const row = await limitAttempts(services, linkBuckets(network), () => findInvitation(services, token));
  if (!row) throw unusableLink();
  return row;
}

const findInvitation = (
  { control, clock }: Pick<MemberServices, 'control' | 'clock'>,
  token: string,
): Promise<Invitation | undefined> =>
  control.db
    .selectFrom('invitations')
    .selectAll()
    .where('token_hash', '=', hashToken(token))
    .where('project_id', 'in', liveProjectIds(control.db))
    .where('expires_at', '>', clock.now())
    .executeTakeFirst();

/** Invitations to a deleted project work again once it is restored. */
const liveProjectIds = (db: Pick<ControlTransaction, 'selectFrom'>) =>
  db.selectFrom('projects').select('id').where('deleted_at', 'is', null);
