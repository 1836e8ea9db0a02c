import type { Selectable } from 'kysely';
import type { InvitationTable } from '../control/people-schema.ts';
import { ApiError, validationFailed } from '../http/errors.ts';
import type { SignedIn, Visit } from '../http/route.ts';
import type { Actor } from '../keys/actor.ts';
import type { Services } from '../services.ts';
import { hashPassword, insertAccount } from './account.ts';
import { insertMember } from './insert-member.ts';
import { linkOver } from './one-time-link.ts';
import type { Role } from './roles.ts';
import { requireSafeWay, type SignInOutcome, signIn } from './sign-in.ts';
import { hashToken } from './token.ts';

type Invitation = Selectable<InvitationTable>;

/** Returns what an invitation is to, for whoever holds its link. Throws 404 when it does not work (any more). */
export async function lookAtInvitation(services: Services, token: string) {
  const { email, role, project_id } = await getInvitation(services, token);
  const project = services.directory.findProject(project_id);
  if (!project) throw linkOver();
  // Only roles are ever written.
  return {
    project_name: project.name,
    role: role as Role,
    email,
    has_account: await hasAccount(services, email),
  };
}

/** What the page of an invitation sends: for a new account name and password, for one that exists its password or none. */
export type Acceptance = { token: string; name?: string; password?: string };

/**
 * Accepts an invitation: as whoever is signed in, or by signing in, or with a new account. Returns how that came out,
 * undefined when nothing changed about who is signed in. With a second factor the code comes first, and then it is
 * accepted once more as signed in. Throws 404 for a spent link, 409 when somebody else is signed in, 401, 422, 429.
 */
export async function acceptInvitation(
  services: Services,
  visit: Visit,
  caller: SignedIn | undefined,
  { token, name, password }: Acceptance,
): Promise<SignInOutcome | undefined> {
  requireSafeWay(visit);
  const { email } = await getInvitation(services, token);
  if (caller && password === undefined) {
    if (caller.session.person.email !== email) throw forSomebodyElse(email);
    await join(services, token, async () => caller.actor);
    return undefined;
  }
  if (password === undefined) throw missing('password');
  if (await hasAccount(services, email)) {
    const outcome = await signIn(services, visit, { email, password });
    if ('session' in outcome)
      await join(services, token, async () => actorOf(visit, outcome.session.person.id));
    return outcome;
  }
  if (name === undefined) throw missing('name');
  const passwordHash = await hashPassword(services, password);
  const account = { name, email, passwordHash };
  const from = { ip: visit.address, requestId: visit.requestId };
  await join(services, token, async (tx) => actorOf(visit, await insertAccount(services, tx, account, from)));
  return signIn(services, visit, { email, password });
}

const actorOf = ({ address, requestId }: Visit, id: string): Actor => ({
  type: 'member',
  id,
  ip: address,
  requestId,
});

const forSomebodyElse = (email: string) =>
  new ApiError('conflict', {
    detail: `The invitation is for ${email}. Sign out first, then open the link again.`,
  });

const missing = (field: string) =>
  validationFailed([{ field, code: 'required', message: `${field} is required.` }]);

type Write = Parameters<Services['control']['write']>[0];

/** Spends the invitation and stores the membership, together: of many at the same moment, one joins. */
async function join(
  services: Services,
  token: string,
  findActor: (tx: Parameters<Write>[0]) => Promise<Actor>,
): Promise<void> {
  await services.control.write(async (tx) => {
    const spent = await tx
      .deleteFrom('invitations')
      .where('token_hash', '=', hashToken(token))
      .returningAll()
      .executeTakeFirst();
    if (!spent || spent.expires_at <= services.clock.now()) throw linkOver();
    const actor = await findActor(tx);
    const { project_id: projectId } = spent;
    const known = await tx
      .selectFrom('project_members')
      .select('role')
      .where('project_id', '=', projectId)
      .where('person_id', '=', actor.id)
      .executeTakeFirst();
    if (known) throw new ApiError('conflict', { detail: 'You are a member of this project already.' });
    // Only roles are ever written.
    await insertMember(services, tx, { projectId, personId: actor.id, role: spent.role as Role }, actor);
  });
}

async function getInvitation({ control, clock }: Services, token: string): Promise<Invitation> {
  const row = await control.db
    .selectFrom('invitations')
    .selectAll()
    .where('token_hash', '=', hashToken(token))
    .where('expires_at', '>', clock.now())
    .executeTakeFirst();
  if (!row) throw linkOver();
  return row;
}

async function hasAccount({ control }: Services, email: string): Promise<boolean> {
  const row = await control.db
    .selectFrom('people')
    .select('id')
    .where('email', '=', email)
    .executeTakeFirst();
  return row !== undefined;
}
