import type { AccountServices } from '../accounts/account.ts';
import { findSessionById, type SessionSource } from '../accounts/sessions.ts';
import type { Actor } from '../api/caller.ts';
import { requireBelowCap } from '../api/caps.ts';
import type { Audit } from '../audit/audit.ts';
import { diffOf } from '../audit/diff.ts';
import type { ControlTransaction } from '../control/control.ts';
import type { Directory } from '../directory/directory.ts';
import { type Role, readRole } from '../directory/scopes.ts';
import type { Clock } from '../lib/clock.ts';

/** The services that changing members needs: accepting an invitation creates accounts and signs them in. */
export type MemberServices = AccountServices & { directory: Directory };

/** Returns a person's role in a project; undefined if the person is not a member or the project is deleted. */
export async function findRole(
  { control }: Pick<SessionSource, 'control'>,
  projectId: string,
  personId: string,
): Promise<Role | undefined> {
  const row = await control.db
    .selectFrom('project_members')
    .innerJoin('projects', 'projects.id', 'project_members.project_id')
    .select('role')
    .where('project_id', '=', projectId)
    .where('person_id', '=', personId)
    .where('projects.deleted_at', 'is', null)
    .executeTakeFirst();
  return row && readRole(row.role);
}

/** Whether a session is live, and its person's role in a project: what an open stream of a member depends on. */
export type MembershipStatus = { isSignedIn: boolean; role: Role | undefined };

/** Returns the current membership status of a session in a project. */
export async function findMembershipStatus(
  services: SessionSource,
  sessionId: string,
  projectId: string,
): Promise<MembershipStatus> {
  const session = await findSessionById(services, sessionId);
  const role = session && (await findRole(services, projectId, session.person.id));
  return { isSignedIn: session !== undefined, role };
}

/**
 * Stores a person's membership in a project, and its audit entry, in the caller's transaction. Throws 409 if the project
 * has as many members as it can have.
 */
export async function insertMember(
  { audit, clock }: { audit: Audit; clock: Clock },
  tx: ControlTransaction,
  { projectId, personId, role }: { projectId: string; personId: string; role: Role },
  actor: Actor,
): Promise<void> {
  const { count } = await tx
    .selectFrom('project_members')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('project_id', '=', projectId)
    .executeTakeFirstOrThrow();
  requireBelowCap(count, 'membersPerProject', 'members of this project');
  await tx
    .insertInto('project_members')
    .values({ project_id: projectId, person_id: personId, role, created_at: clock.now() })
    .execute();
  const diff = diffOf({}, { role });
  await audit.append(tx, { projectId, actor, action: 'member.added', target: personId, diff });
}
