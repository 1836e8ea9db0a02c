import { type Static, Type } from 'typebox';
import { ROLE } from '../accounts/session-json.ts';
import type { Caller } from '../api/caller.ts';
import type { Control } from '../control/control.ts';
import { readRole } from '../directory/scopes.ts';
import { closedObject, nullable } from '../lib/schema.ts';

/** A member of a project as JSON. */
export const MEMBER_JSON = closedObject({
  id: Type.String(),
  name: Type.String(),
  email: Type.String(),
  role: ROLE,
  created_at: Type.String({ format: 'date-time' }),
  last_seen_at: nullable(
    Type.String({ format: 'date-time', description: 'In a session that is still open.' }),
  ),
  is_you: Type.Boolean(),
});

/** The JSON of a member. */
export type MemberJson = Static<typeof MEMBER_JSON>;

/** Returns the members of the caller's project in the order they joined. */
export async function listMembers(
  { control }: { control: Control },
  { project, principal }: Caller,
): Promise<MemberJson[]> {
  const rows = await control.db
    .selectFrom('project_members as member')
    .innerJoin('people', 'people.id', 'member.person_id')
    .select(['people.id', 'people.name', 'people.email', 'member.role', 'member.created_at'])
    .select(({ selectFrom }) =>
      selectFrom('sessions')
        .select(({ fn }) => fn.max('sessions.updated_at').as('last_seen_at'))
        .whereRef('sessions.person_id', '=', 'people.id')
        .as('last_seen_at'),
    )
    .where('member.project_id', '=', project.id)
    .orderBy('member.created_at')
    .orderBy('people.id')
    .execute();
  return rows.map(({ role, created_at, last_seen_at, ...person }) => ({
    ...person,
    role: readRole(role),
    created_at: new Date(created_at).toISOString(),
    last_seen_at,
    is_you: person.id === principal.id,
  }));
}
