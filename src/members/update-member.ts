import type { Transaction } from 'kysely';
import type { Caller } from '../api/caller.ts';
import { ApiError } from '../api/errors.ts';
import type { Audit } from '../audit/audit.ts';
import { diffOf } from '../audit/audit.ts';
import { NO_CALLER } from '../control/open.ts';
import type { ControlSchema } from '../control/schema.ts';
import type { Role } from '../directory/scopes.ts';
import type { MemberServices } from './membership.ts';
import { findRole } from './membership.ts';

type Tx = Transaction<ControlSchema>;

/**
 * Gives a member of the caller's project another role. Throws 404 for who is none, 403 when an owner is concerned and
 * the caller is none, 409 for the last owner.
 */
export async function changeRole(
  services: MemberServices,
  caller: Caller,
  personId: string,
  role: Role,
): Promise<void> {
  await services.control.write(NO_CALLER, async ({ tx }) => {
    const before = await getRole(tx, caller, personId);
    if (before === role) return;
    await requireOwner(tx, caller, [before, role]);
    if (before === 'owner') await requireOtherOwner(tx, caller, personId);
    await tx
      .updateTable('project_members')
      .set({ role })
      .where('project_id', '=', caller.project.id)
      .where('person_id', '=', personId)
      .execute();
    await revokeInvitations(tx, caller, personId);
    await append(services, tx, caller, personId, 'member.updated', diffOf({ role: before }, { role }));
  });
}

/** Removes a member from the caller's project: another one, or the caller, who leaves. Throws as `changeRole`. */
export async function removeMember(
  services: MemberServices,
  caller: Caller,
  personId: string,
): Promise<void> {
  await services.control.write(NO_CALLER, async ({ tx }) => {
    const before = await getRole(tx, caller, personId);
    await requireOwner(tx, caller, [before]);
    if (before === 'owner') await requireOtherOwner(tx, caller, personId);
    await tx
      .deleteFrom('project_members')
      .where('project_id', '=', caller.project.id)
      .where('person_id', '=', personId)
      .execute();
    await revokeInvitations(tx, caller, personId);
    await append(services, tx, caller, personId, 'member.removed', diffOf({ role: before }, {}));
  });
}

async function getRole(tx: Tx, { project }: Caller, personId: string): Promise<Role> {
  const role = await findRole({ control: { db: tx } }, project.id, personId);
  if (!role) throw new ApiError('not_found', { detail: 'There is no such member.' });
  return role;
}

/**
 * Throws 403 when owners are concerned and the caller is none. Asked inside the transaction that writes: of two changes
 * at once, the second sees the first.
 */
export async function requireOwner(tx: Tx, caller: Caller, concerned: readonly Role[]): Promise<void> {
  if (!concerned.includes('owner') || (await getRole(tx, caller, caller.principal.id)) === 'owner') return;
  throw new ApiError('exceeds_own_permissions', {
    detail: 'Only an owner makes, changes or removes an owner.',
  });
}

async function requireOtherOwner(tx: Tx, { project, principal }: Caller, personId: string): Promise<void> {
  const other = await tx
    .selectFrom('project_members')
    .select('person_id')
    .where('project_id', '=', project.id)
    .where('role', '=', 'owner')
    .where('person_id', '!=', personId)
    .limit(1)
    .executeTakeFirst();
  if (other) return;
  const who = personId === principal.id ? 'You are' : 'This is';
  throw new ApiError('conflict', { detail: `${who} the last owner. Make somebody else an owner first.` });
}

/** What was handed out with the former role must not bring it back. */
async function revokeInvitations(tx: Tx, { project }: Caller, personId: string): Promise<void> {
  await tx
    .deleteFrom('invitations')
    .where('project_id', '=', project.id)
    .where('created_by', '=', personId)
    .execute();
}

async function append(
  { audit }: { audit: Audit },
  tx: Tx,
  { project, actor }: Caller,
  target: string,
  action: 'member.updated' | 'member.removed',
  diff: ReturnType<typeof diffOf>,
): Promise<void> {
  await audit.append(tx, { projectId: project.id, actor, action, target, diff });
}
