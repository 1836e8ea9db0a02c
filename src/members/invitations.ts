import type { Selectable } from 'kysely';
import { type Static, Type } from 'typebox';
import { ROLE } from '../accounts/session-json.ts';
import { createToken, hashToken } from '../accounts/token.ts';
import type { Caller } from '../api/caller.ts';
import { requireBelowCap } from '../api/caps.ts';
import { ApiError } from '../api/errors.ts';
import { requireNoKeysIn } from '../api/validate.ts';
import type { Audit } from '../audit/audit.ts';
import { diffOf } from '../audit/diff.ts';
import { type Control, type ControlTransaction, URGENT } from '../control/control.ts';
import type { InvitationTable } from '../control/people-schema.ts';
import { type Role, readRole } from '../directory/scopes.ts';
import type { Clock } from '../lib/clock.ts';
import { DAY_MS } from '../lib/durations.ts';
import { newId } from '../lib/id.ts';
import { closedObject } from '../lib/schema.ts';
import { requireOwner } from './update-member.ts';

/** A pending invitation. */
export const INVITATION_JSON = closedObject({
  id: Type.String(),
  email: Type.String(),
  role: ROLE,
  created_at: Type.String({ format: 'date-time' }),
  expires_at: Type.String({ format: 'date-time' }),
  created_by: Type.String(),
});

type InvitationJson = Static<typeof INVITATION_JSON>;

/** Returns an invitation as JSON, without its token: only its hash is stored. */
function toInvitationJson(row: Selectable<InvitationTable>): InvitationJson {
  return {
    id: row.id,
    email: row.email,
    role: readRole(row.role),
    created_at: new Date(row.created_at).toISOString(),
    expires_at: new Date(row.expires_at).toISOString(),
    created_by: row.created_by,
  };
}

/** Returns the pending invitations to the caller's project, newest first. */
export async function listInvitations(
  { control, clock }: { control: Control; clock: Clock },
  { project }: Caller,
): Promise<InvitationJson[]> {
  const rows = await control.db
    .selectFrom('invitations')
    .selectAll()
    .where('project_id', '=', project.id)
    .where('expires_at', '>', clock.now())
    .orderBy('id', 'desc')
    .execute();
  return rows.map(toInvitationJson);
}

/**
 * Invites an email address to the caller's project and returns the invitation with the token of its link, which is never
 * shown again. Replaces an earlier invitation to the same address. Throws 403 for a role the caller may not give or
 * replace, 409 for a member, 422 for an API key in the address.
 */
export async function invite(
  { control, clock, audit }: { control: Control; clock: Clock; audit: Audit },
  caller: Caller,
  { email: written, role }: { email: string; role: Role },
): Promise<{ invitation: InvitationJson; token: string }> {
  requireNoKeysIn({ email: written });
  const email = written.toLowerCase();
  const now = clock.now();
  const { project, actor } = caller;
  const token = createToken();
  const row = {
    id: newId('inv'),
    project_id: project.id,
    email,
    role,
    token_hash: hashToken(token),
    created_at: now,
    created_by: actor.id,
    expires_at: now + INVITATION_MS,
  };
  await control.write(caller.recheck, async ({ tx }) => {
    await requireOwner(tx, caller, [role, ...(await listPendingRoles(tx, row))]);
    const member = await tx
      .selectFrom('project_members')
      .innerJoin('people', 'people.id', 'project_members.person_id')
      .select('people.id')
      .where('project_id', '=', project.id)
      .where('email', '=', email)
      .executeTakeFirst();
    if (member)
      throw new ApiError('conflict', { detail: 'Someone with this email address is already a member.' });
    await tx
      .deleteFrom('invitations')
      .where('project_id', '=', project.id)
      .where(({ eb, or }) => or([eb('email', '=', email), eb('expires_at', '<=', now)]))
      .execute();
    await requireRoomForInvitation(tx, project.id);
    await tx.insertInto('invitations').values(row).execute();
    const diff = diffOf({}, { email, role });
    await audit.append(tx, {
      projectId: project.id,
      actor,
      action: 'invitation.created',
      target: row.id,
      diff,
    });
  });
  return { invitation: toInvitationJson(row), token };
}

/** Expired invitations were deleted before, so all that are stored are open. */
async function requireRoomForInvitation(tx: ControlTransaction, projectId: string): Promise<void> {
  const { count } = await tx
    .selectFrom('invitations')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('project_id', '=', projectId)
    .executeTakeFirstOrThrow();
  requireBelowCap(count, 'openInvitations', 'open invitations to this project');
}

/** Returns the roles of the pending invitations that a new one replaces: replacing one takes as much as creating it. */
async function listPendingRoles(
  tx: ControlTransaction,
  {
    project_id,
    email,
    created_at: now,
  }: Pick<Selectable<InvitationTable>, 'project_id' | 'email' | 'created_at'>,
): Promise<Role[]> {
  const rows = await tx
    .selectFrom('invitations')
    .select('role')
    .where('project_id', '=', project_id)
    .where('email', '=', email)
    .where('expires_at', '>', now)
    .execute();
  return rows.map(({ role }) => readRole(role));
}

/** Revokes an invitation to the caller's project. Throws 404 if there is none with this ID, 403 for an owner's if they are not one. */
export async function revokeInvitation(
  { control, audit }: { control: Control; audit: Audit },
  caller: Caller,
  id: string,
): Promise<void> {
  const { project, actor } = caller;
  await control.write(
    caller.recheck,
    async ({ tx }) => {
      const revoked = await tx
        .deleteFrom('invitations')
        .where('id', '=', id)
        .where('project_id', '=', project.id)
        .returning('role')
        .executeTakeFirst();
      if (!revoked) throw new ApiError('not_found', { detail: 'There is no such invitation.' });
      if (revoked.role === 'owner') await requireOwner(tx, caller, ['owner']);
      await audit.append(tx, { projectId: project.id, actor, action: 'invitation.revoked', target: id });
    },
    URGENT,
  );
}

/** How long an invitation works. */
const INVITATION_MS = 7 * DAY_MS;
