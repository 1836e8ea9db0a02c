import { Type } from 'typebox';
import { listProjectsOf, ROLE } from '../accounts/session-json.ts';
import { requireBelowCap } from '../api/caps.ts';
import { toUnpagedList, unpagedListOf } from '../api/list.ts';
import { defineRoute, type Route } from '../api/route.ts';
import type { ChangeServices } from '../audit/audit.ts';
import type { ControlTransaction } from '../control/open.ts';
import { NAME_RULES } from '../directory/field-rules.ts';
import { closedObject } from '../lib/schema.ts';
import { createProject } from './create.ts';

const PROJECT_JSON = closedObject({
  id: Type.String(),
  name: Type.String(),
  role: ROLE,
  created_at: Type.String({ format: 'date-time' }),
});

const projectsRoute = defineRoute({
  method: 'GET',
  path: '/app/v1/projects',
  summary: 'List your projects',
  access: 'signed_in',
  limit: 'management',
  answer: { status: 200, schema: unpagedListOf(PROJECT_JSON) },
  async handle(services: ChangeServices, { caller }) {
    const projects = await listProjectsOf(services, caller.session.person.id);
    const items = projects.map(({ id, name, role, createdAt }) => ({
      id,
      name,
      role,
      created_at: new Date(createdAt).toISOString(),
    }));
    return toUnpagedList(items);
  },
});

const createProjectRoute = defineRoute({
  method: 'POST',
  path: '/app/v1/projects',
  summary: 'Create a project',
  access: 'signed_in',
  limit: 'management',
  body: closedObject({ name: Type.String(NAME_RULES) }),
  answer: { status: 201, schema: PROJECT_JSON },
  async handle(services: ChangeServices, { caller, body }) {
    const { id: personId } = caller.session.person;
    const findOwnerId = async (tx: ControlTransaction) => {
      await requireRoomForProject(tx, personId);
      return personId;
    };
    const project = await createProject(services, body.name.trim(), caller, findOwnerId);
    const created_at = new Date(project.createdAt).toISOString();
    return { id: project.id, name: project.name, role: 'owner' as const, created_at };
  },
});

async function requireRoomForProject(tx: ControlTransaction, personId: string): Promise<void> {
  const { count } = await tx
    .selectFrom('project_members')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('person_id', '=', personId)
    .executeTakeFirstOrThrow();
  requireBelowCap(count, 'projectsPerPerson', 'projects of yours');
}

/** The routes of a person's own projects. */
export const ownProjectRoutes = [projectsRoute, createProjectRoute] satisfies Route<ChangeServices>[];
