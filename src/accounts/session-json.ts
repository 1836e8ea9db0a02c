import { type Static, Type } from 'typebox';
import type { Session } from '../api/caller.ts';
import type { BrowserRequest } from '../api/raw-request.ts';
import type { Control } from '../control/control.ts';
import { ROLE_SCOPES, ROLES, type Role, readRole } from '../directory/scopes.ts';
import { closedObject, nullable } from '../lib/schema.ts';
import { type AccountServices, isInstallationOwner } from './account.ts';
import { SESSION_SECONDS, TWO_FACTOR_SECONDS } from './account-rules.ts';
import { COOKIES, renderCookie } from './cookies.ts';
import { rememberDevice } from './known-device.ts';
import type { SignInOutcome } from './sign-in.ts';

const MOMENT = Type.String({ format: 'date-time' });

/** A member's role. */
export const ROLE = Type.Enum([...ROLES]);

/** The signed-in person, their projects and permissions: the first thing the dashboard requests. */
export const SESSION_JSON = closedObject({
  user: closedObject({
    id: Type.String(),
    name: Type.String(),
    email: Type.String(),
    has_totp: Type.Boolean(),
    owns_installation: Type.Boolean({
      description: 'Whether they have the oldest account of the installation.',
    }),
  }),
  csrf_token: Type.String({ description: 'To be sent as X-Appflow-CSRF with each change.' }),
  stepped_up_until: nullable(MOMENT),
  projects: Type.Array(
    closedObject({
      id: Type.String(),
      name: Type.String(),
      role: ROLE,
      scopes: Type.Array(Type.String()),
    }),
  ),
});

/** The JSON of a session. */
export type SessionJson = Static<typeof SESSION_JSON>;

/** The answer to a sign-in: the session, or that a code is required. */
export const SIGN_IN_JSON = Type.Union([SESSION_JSON, closedObject({ totp_required: Type.Literal(true) })]);

/** Returns a session as JSON for the dashboard. */
export async function toSessionJson(services: AccountServices, session: Session): Promise<SessionJson> {
  const { id, name, email, hasTotp } = session.person;
  const { steppedUpUntil } = session;
  const isSteppedUp = steppedUpUntil !== null && steppedUpUntil > services.clock.now();
  const projects = await listProjectsOf(services, id);
  const ownsInstallation = await isInstallationOwner(services.control, id);
  return {
    user: { id, name, email, has_totp: hasTotp, owns_installation: ownsInstallation },
    csrf_token: services.people.csrfTokenOf(session.id),
    stepped_up_until: isSteppedUp ? new Date(steppedUpUntil).toISOString() : null,
    projects: projects.map((one) => ({
      id: one.id,
      name: one.name,
      role: one.role,
      scopes: [...ROLE_SCOPES[one.role]],
    })),
  };
}

/** A project of a person, with the person's role in it. Times are epoch milliseconds. */
export type OwnProject = {
  id: string;
  name: string;
  role: Role;
  createdAt: number;
  deletedAt: number | null;
};

/** Returns a person's projects, oldest first: those not deleted, or those deleted after `deletedSince`, epoch milliseconds. */
export async function listProjectsOf(
  { control }: { control: Control },
  personId: string,
  deletedSince?: number,
): Promise<OwnProject[]> {
  const all = control.db
    .selectFrom('project_members')
    .innerJoin('projects', 'projects.id', 'project_members.project_id')
    .select(['projects.id', 'projects.name', 'project_members.role'])
    .select(['projects.created_at', 'projects.deleted_at'])
    .where('project_members.person_id', '=', personId)
    .orderBy('projects.id');
  const selected =
    deletedSince === undefined
      ? all.where('projects.deleted_at', 'is', null)
      : all.where('projects.deleted_at', '>', deletedSince);
  const rows = await selected.execute();
  return rows.map(({ id, name, role, created_at, deleted_at }) => ({
    id,
    name,
    role: readRole(role),
    createdAt: created_at,
    deletedAt: deleted_at,
  }));
}

/** Sets the cookies for the outcome of a sign-in, and returns its answer. */
export async function answerSignIn(
  services: AccountServices,
  request: BrowserRequest,
  outcome: SignInOutcome,
): Promise<SessionJson | { totp_required: true }> {
  const { isSecure } = request;
  if ('challenge' in outcome) {
    const flags = { isSecure, maxAgeSeconds: TWO_FACTOR_SECONDS };
    request.setCookie(renderCookie(COOKIES.challenge, outcome.challenge, flags));
    return { totp_required: true };
  }
  request.setCookie(
    renderCookie(COOKIES.session, outcome.token, { isSecure, maxAgeSeconds: SESSION_SECONDS }),
  );
  await rememberDevice(services, request, outcome.session.person.id);
  return toSessionJson(services, outcome.session);
}
