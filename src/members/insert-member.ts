import type { Transaction } from 'kysely';
import type { Actor } from '../api/caller.ts';
import type { Audit } from '../audit/audit.ts';
import { diffOf } from '../audit/audit.ts';
import type { ControlSchema } from '../control/schema.ts';
import type { Role } from '../directory/scopes.ts';
import type { Clock } from '../lib/clock.ts';

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
