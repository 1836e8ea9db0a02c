import { Type } from 'typebox';
import { listProjectsOf, type OwnProject, ROLE } from '../accounts/session-json.ts';
import { requireBelowCap } from '../api/caps.ts';
import { ApiError } from '../api/errors.ts';
import { toUnpagedList, unpagedListOf } from '../api/list.ts';
import { defineRoute, type Route } from '../api/route.ts';
import type { ChangeServices } from '../audit/audit.ts';
import type { ControlTransaction } from '../control/control.ts';
import { NAME_RULES } from '../directory/field-rules.ts';
import { RESTORABLE_MS } from '../directory/restorable.ts';
import { closedObject, nullable } from '../lib/schema.ts';
import { createProject } from './create.ts';
import { deleteProject, restoreProject } from './delete.ts';

const OWN_PROJECT_JSON = closedObject({
  id: Type.String(),
  name: Type.String(),
  role: ROLE,
  created_at: Type.String({ format: 'date-time' }),
  deleted_at: nullable(Type.String({ format: 'date-time' })),
});

const toOwnProjectJson = ({ id, name, role, createdAt, deletedAt }: OwnProject) => ({
  id,
  name,
  role,
  created_at: new Date(createdAt).toISOString(),
  deleted_at: deletedAt === null ? null : new Date(deletedAt).toISOString(),
});

const PROJECT_PARAMS = closedObject({ id: Type.String() });

const projectsRoute = defineRoute({
  method: 'GET',
  path: '/app/v1/projects',
  summary: 'List your projects',
  access: 'signed_in',
  limit: 'management',
  query: closedObject({
    deleted: Type.Optional(
      Type.Boolean({ description: 'true lists the deleted projects that can still be restored.' }),
    ),
  }),
  answer: { status: 200, schema: unpagedListOf(OWN_PROJECT_JSON) },
  async handle(services: ChangeServices, { caller, query }) {
    const deletedSince = query.deleted ? services.clock.now() - RESTORABLE_MS : undefined;
    const projects = await listProjectsOf(services, caller.session.person.id, deletedSince);
    return toUnpagedList(projects.map(toOwnProjectJson));
  },
});

const createProjectRoute = defineRoute({
  method: 'POST',
  path: '/app/v1/projects',
  summary: 'Create a project that you own',
  access: 'signed_in',
  limit: 'management',
  body: closedObject({ name: Type.String(NAME_RULES) }),
  answer: { status: 201, schema: OWN_PROJECT_JSON },
  async handle(services: ChangeServices, { caller, body }) {
    const { id: personId } = caller.session.person;
    const findOwnerId = async (tx: ControlTransaction) => {
      await requireRoomForProject(tx, personId, services.clock.now());
      return personId;
    };
    const project = await createProject(services, body.name.trim(), caller, findOwnerId);
    return toOwnProjectJson({ ...project, role: 'owner' });
  },
});

/** Deleted projects count until they can no longer be restored, so restoring one needs no room. */
async function requireRoomForProject(tx: ControlTransaction, personId: string, now: number): Promise<void> {
  const { count } = await tx
    .selectFrom('project_members')
    .innerJoin('projects', 'projects.id', 'project_members.project_id')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('person_id', '=', personId)
    .where(({ eb, or }) => or([eb('deleted_at', 'is', null), eb('deleted_at', '>', now - RESTORABLE_MS)]))
    .executeTakeFirstOrThrow();
  requireBelowCap(count, 'projectsPerPerson', 'projects that you are a member of');
}

const deleteProjectRoute = defineRoute({
  method: 'DELETE',
  path: '/app/v1/projects/{id}',
  summary: 'Delete a project, which can be restored for 30 days',
  access: 'signed_in',
  limit: 'management',
  params: PROJECT_PARAMS,
  stepUp: true,
  answer: { status: 200, schema: OWN_PROJECT_JSON },
  async handle(services: ChangeServices, { caller, params }) {
    await deleteProject(services, params.id, caller);
    return getProjectJson(services, params.id);
  },
});

const restoreProjectRoute = defineRoute({
  method: 'PATCH',
  path: '/app/v1/projects/{id}',
  summary: 'Restore a deleted project that you own',
  access: 'signed_in',
  limit: 'management',
  params: PROJECT_PARAMS,
  body: closedObject({
    deleted: Type.Literal(false, { description: 'false restores a project deleted in the last 30 days.' }),
  }),
  // It makes the project's keys work again.
  stepUp: true,
  answer: { status: 200, schema: OWN_PROJECT_JSON },
  async handle(services: ChangeServices, { caller, params }) {
    await restoreProject(services, params.id, caller);
    return getProjectJson(services, params.id);
  },
});

function getProjectJson({ directory }: ChangeServices, id: string) {
  const project = directory.findProject(id);
  if (!project) throw new ApiError('not_found', { detail: 'There is no such project.' });
  return toOwnProjectJson({ ...project, role: 'owner' });
}

/** The routes of a person's own projects. */
export const ownProjectRoutes = [
  projectsRoute,
  createProjectRoute,
  deleteProjectRoute,
  restoreProjectRoute,
] satisfies Route<ChangeServices>[];
