import type { Caller } from '../api/caller.ts';
import { ApiError } from '../api/errors.ts';
import type { Audit } from '../audit/audit.ts';
import { diffOf } from '../audit/diff.ts';
import { type ControlTransaction, URGENT } from '../control/control.ts';
import type { Role } from '../directory/scopes.ts';
import type { MemberServices } from './membership.ts';
import { findRole } from './membership.ts';

/**
 * Changes the role of a member of the caller's project. Throws 404 if the person is not a member, 403 if the change
 * concerns an owner and the caller is not one, 409 for the last owner.
 */
export async function changeRole(
  services: MemberServices,
  caller: Caller,
  personId: string,
  role: Role,
): Promise<void> {
  await services.control.write(
    caller.recheck,
    async ({ tx }) => {
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
      await appendEntry(services, tx, caller, {
        action: 'member.updated',
        target: personId,
        diff: diffOf({ role: before }, { role }),
      });
    },
    URGENT,
  );
}

/** Removes a member from the caller's project, who may be the caller. Throws like `changeRole`. */
export async function removeMember(
  services: MemberServices,
  caller: Caller,
  personId: string,
): Promise<void> {
  await services.control.write(
    caller.recheck,
    async ({ tx }) => {
      const before = await getRole(tx, caller, personId);
      await requireOwner(tx, caller, [before]);
      if (before === 'owner') await requireOtherOwner(tx, caller, personId);
      await tx
        .deleteFrom('project_members')
        .where('project_id', '=', caller.project.id)
        .where('person_id', '=', personId)
        .execute();
      await revokeInvitations(tx, caller, personId);
      await appendEntry(services, tx, caller, {
        action: 'member.removed',
        target: personId,
        diff: diffOf({ role: before }, {}),
      });
    },
    URGENT,
  );
}

async function getRole(tx: ControlTransaction, { project }: Caller, personId: string): Promise<Role> {
  const role = await findRole({ control: { db: tx } }, project.id, personId);
  if (!role) throw new ApiError('not_found', { detail: 'There is no such member.' });
  return role;
}

/**
 * Throws 403 if one of the roles is owner and the caller is not one. Checked inside the transaction that writes: of two
 * concurrent changes, the second sees the first.
 */
export async function requireOwner(
  tx: ControlTransaction,
  caller: Caller,
  concerned: readonly Role[],
): Promise<void> {
  if (!concerned.includes('owner') || (await getRole(tx, caller, caller.principal.id)) === 'owner') return;
  throw new ApiError('exceeds_own_permissions', {
    detail: "Only an owner can add, change or remove an owner, or replace or revoke an owner's invitation.",
  });
}

async function requireOtherOwner(
  tx: ControlTransaction,
  { project, principal }: Caller,
  personId: string,
): Promise<void> {
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
  throw new ApiError('conflict', { detail: `${who} the last owner. Make another member an owner first.` });
}

/** Invitations that a member created with the old role must not give it back. */
async function revokeInvitations(
  tx: ControlTransaction,
  { project }: Caller,
  personId: string,
): Promise<void> {
  await tx
    .deleteFrom('invitations')
    .where('project_id', '=', project.id)
    .where('created_by', '=', personId)
    .execute();
}

type MemberEntry = {
  action: 'member.updated' | 'member.removed';
  target: string;
  diff: ReturnType<typeof diffOf>;
};

async function appendEntry(
  { audit }: { audit: Audit },
  tx: ControlTransaction,
  { project, actor }: Caller,
  entry: MemberEntry,
): Promise<void> {
  await audit.append(tx, { ...entry, projectId: project.id, actor });
}
