import { Type } from 'typebox';
import { ACCOUNT_FIELDS } from '../accounts/account.ts';
import { answerSignIn, ROLE, SIGN_IN_JSON, toSessionJson } from '../accounts/session-json.ts';
import { TOKEN } from '../accounts/token.ts';
import { toUnpagedList, unpagedListOf } from '../api/list.ts';
import { defineRoute, NO_CONTENT, type Route } from '../api/route.ts';
import { closedObject } from '../lib/schema.ts';
import { acceptInvitation, previewInvitation } from './accept-invitation.ts';
import { INVITATION_JSON, invite, listInvitations, revokeInvitation } from './invitations.ts';
import { listMembers, MEMBER_JSON } from './list-members.ts';
import type { MemberServices } from './membership.ts';
import { changeRole, removeMember } from './update-member.ts';

const PROJECT_PATH = '/app/v1/projects/{project_id}';
const IN_PROJECT = closedObject({ project_id: Type.String() });
const ONE_IN_PROJECT = closedObject({ project_id: Type.String(), id: Type.String() });

const membersRoute = defineRoute({
  method: 'GET',
  path: `${PROJECT_PATH}/members`,
  summary: 'List the members of the project',
  access: 'members:read',
  limit: 'management',
  params: IN_PROJECT,
  answer: { status: 200, schema: unpagedListOf(MEMBER_JSON) },
  async handle(services: MemberServices, { caller }) {
    return toUnpagedList(await listMembers(services, caller));
  },
});

const roleRoute = defineRoute({
  method: 'PATCH',
  path: `${PROJECT_PATH}/members/{id}`,
  summary: "Change a member's role",
  access: 'members:write',
  limit: 'management',
  params: ONE_IN_PROJECT,
  body: closedObject({ role: ROLE }),
  stepUp: true,
  answer: NO_CONTENT,
  handle: (services: MemberServices, { caller, params, body }) =>
    changeRole(services, caller, params.id, body.role),
});

const removeRoute = defineRoute({
  method: 'DELETE',
  path: `${PROJECT_PATH}/members/{id}`,
  summary: 'Remove a member, or leave',
  isNeverShed: true,
  access: 'members:write',
  selfParam: 'id',
  limit: 'management',
  params: ONE_IN_PROJECT,
  stepUp: true,
  answer: NO_CONTENT,
  handle: (services: MemberServices, { caller, params }) => removeMember(services, caller, params.id),
});

const invitationsRoute = defineRoute({
  method: 'GET',
  path: `${PROJECT_PATH}/invitations`,
  summary: 'List pending invitations',
  access: 'members:read',
  limit: 'management',
  params: IN_PROJECT,
  answer: { status: 200, schema: unpagedListOf(INVITATION_JSON) },
  async handle(services: MemberServices, { caller }) {
    return toUnpagedList(await listInvitations(services, caller));
  },
});

const inviteRoute = defineRoute({
  method: 'POST',
  path: `${PROJECT_PATH}/invitations`,
  summary: 'Invite a person; returns a link, shown once, that works once within 7 days',
  access: 'members:write',
  limit: 'management',
  params: IN_PROJECT,
  body: closedObject({ email: ACCOUNT_FIELDS.email, role: ROLE }),
  stepUp: true,
  answer: { status: 201, schema: closedObject({ ...INVITATION_JSON.properties, link: Type.String() }) },
  async handle(services: MemberServices, { caller, body }) {
    const { invitation, token } = await invite(services, caller, body);
    return { ...invitation, link: `${caller.siteUrl}/invite#${token}` };
  },
});

const revokeRoute = defineRoute({
  method: 'DELETE',
  path: `${PROJECT_PATH}/invitations/{id}`,
  summary: 'Revoke an invitation',
  access: 'members:write',
  limit: 'management',
  params: ONE_IN_PROJECT,
  answer: NO_CONTENT,
  handle: (services: MemberServices, { caller, params }) => revokeInvitation(services, caller, params.id),
});

const previewRoute = defineRoute({
  method: 'POST',
  path: '/app/v1/invitations/look',
  summary: 'Preview an invitation',
  access: 'anonymous',
  limit: 'management',
  body: closedObject({ token: TOKEN }),
  answer: {
    status: 200,
    schema: closedObject({
      project_name: Type.String(),
      role: ROLE,
      email: Type.String(),
      has_account: Type.Boolean(),
    }),
  },
  handle: (services: MemberServices, { raw, body }) => previewInvitation(services, raw, body.token),
});

const acceptRoute = defineRoute({
  method: 'POST',
  path: '/app/v1/invitations/accept',
  summary: 'Accept an invitation: as signed in, with the password of an account, or with a new account',
  access: 'anonymous',
  limit: 'management',
  body: closedObject({
    token: TOKEN,
    name: Type.Optional(ACCOUNT_FIELDS.name),
    password: Type.Optional(ACCOUNT_FIELDS.password),
  }),
  answer: { status: 200, schema: SIGN_IN_JSON },
  async handle(services: MemberServices, { raw, caller, body }) {
    const outcome = await acceptInvitation(services, raw, caller, body);
    if (outcome) return answerSignIn(services, raw, outcome);
    if (!caller) throw new Error('An invitation was accepted by nobody.');
    return toSessionJson(services, caller.session);
  },
});

/** The routes of a project's members and invitations. */
export const memberRoutes = [
  membersRoute,
  roleRoute,
  removeRoute,
  invitationsRoute,
  inviteRoute,
  revokeRoute,
  previewRoute,
  acceptRoute,
] satisfies Route<MemberServices>[];
