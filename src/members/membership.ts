import type { Transaction } from 'kysely';
import type { AccountServices } from '../accounts/account.ts';
import { type FindServices, findSessionById } from '../accounts/sessions.ts';
import type { Actor } from '../api/caller.ts';
import { type Audit, diffOf } from '../audit/audit.ts';
import type { ControlSchema } from '../control/schema.ts';
import type { Directory } from '../directory/directory.ts';
import { type Role, readRole } from '../directory/scopes.ts';
import type { Clock } from '../lib/clock.ts';

/** What changing who belongs to a project takes: accounts are made and signed in on the way. */
export type MemberServices = AccountServices & { directory: Directory };

/** Returns a person's role in a project, undefined when the person is no member of it. */
export async function findRole(
  { control }: Pick<FindServices, 'control'>,
  projectId: string,
  personId: string,
): Promise<Role | undefined> {
  const row = await control.db
    .selectFrom('project_members')
    .select('role')
    .where('project_id', '=', projectId)
    .where('person_id', '=', personId)
    .executeTakeFirst();
  return row && readRole(row.role);
}

/** Whether a session lives, and as what its person stands in a project: what a stream depends on after its beginning. */
export type MembershipStatus = { isSignedIn: boolean; role: Role | undefined };

/** Returns how a session stands in a project at this moment. */
export async function findMembershipStatus(
  services: FindServices,
  sessionId: string,
  projectId: string,
): Promise<MembershipStatus> {
  const session = await findSessionById(services, sessionId);
  const role = session && (await findRole(services, projectId, session.person.id));
  return { isSignedIn: session !== undefined, role };
}

/** Stores that a person is a member of a project, in the transaction of why it is. */
export async function insertMember(
  { audit, clock }: { audit: Audit; clock: Clock },
  tx: Transaction<ControlSchema>,
  { projectId, personId, role }: { projectId: string; personId: string; role: Role },
  actor: Actor,
): Promise<void> {
  await tx
    .insertInto('project_members')
    .values({ project_id: projectId, person_id: personId, role, created_at: clock.now() })
    .execute();
  const diff = diffOf({}, { role });
  await audit.append(tx, { projectId, actor, action: 'member.added', target: personId, diff });
}
