import { findFirstPersonId } from '../accounts/account.ts';
import type { Actor, Requester } from '../api/caller.ts';
import { requireNoKeysIn } from '../api/validate.ts';
import type { Audit, ChangeServices } from '../audit/audit.ts';
import type { ControlTransaction, Write } from '../control/control.ts';
import type { Project } from '../directory/project.ts';
import type { Clock } from '../lib/clock.ts';
import { newId } from '../lib/id.ts';
import { insertMember } from '../members/membership.ts';

/** Returns the ID of a new project's owner; undefined for none. Runs in the transaction that creates the project. */
export type FindOwner = (tx: ControlTransaction) => Promise<string | undefined>;

/**
 * Creates a project and returns it. `findOwnerId` returns its owner, by default the first account; a project without an
 * owner goes to the first account once that is created. Throws 422 if the name contains an API key.
 */
export async function createProject(
  services: ChangeServices,
  name: string,
  { actor, recheck }: Requester,
  findOwnerId?: FindOwner,
): Promise<Project> {
  const { control, directory } = services;
  const id = await control.write(recheck, (write) =>
    insertProject(services, write, name, actor, findOwnerId),
  );
  await directory.refresh();
  const project = directory.findProject(id);
  if (!project) throw new Error(`Project ${id} was stored and is not in the directory.`);
  return project;
}

/** The part of `createProject` inside a write, for callers that store more in the same one. Returns the project's ID. */
export async function insertProject(
  { clock, audit }: { clock: Clock; audit: Audit },
  { tx, revision }: Write,
  name: string,
  actor: Actor,
  findOwnerId: FindOwner = findFirstPersonId,
): Promise<string> {
  requireNoKeysIn({ name });
  const id = newId('proj');
  const now = clock.now();
  await tx
    .insertInto('projects')
    .values({
      id,
      name,
      max_key_lifetime_days: null,
      count_unverified_revenue: 1,
      leaked_key_policy: 'revoke',
      rate_limits: null,
      retention_days: null,
      created_at: now,
      updated_at: now,
      deleted_at: null,
      revision,
    })
    .execute();
  await audit.append(tx, { projectId: id, actor, action: 'project.created', target: id });
  const ownerId = await findOwnerId(tx);
  if (ownerId !== undefined)
    await insertMember({ audit, clock }, tx, { projectId: id, personId: ownerId, role: 'owner' }, actor);
  return id;
}
