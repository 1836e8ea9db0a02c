import type { Transaction } from 'kysely';
import { findFirstPersonId } from '../accounts/account.ts';
import type { Actor } from '../api/caller.ts';
import { validationFailed } from '../api/errors.ts';
import type { Audit, ChangeServices } from '../audit/audit.ts';
import { NO_CALLER } from '../control/open.ts';
import type { ControlSchema } from '../control/schema.ts';
import type { Project } from '../directory/project.ts';
import { findKeysIn } from '../directory/secret.ts';
import type { Clock } from '../lib/clock.ts';
import { newId } from '../lib/id.ts';
import { insertMember } from '../members/membership.ts';

/** Tells whose a new project is, by the id of a person; asked in the transaction that makes it. */
export type FindOwner = (tx: Transaction<ControlSchema>) => Promise<string | undefined>;

/**
 * Creates a project for `actor` and returns it. It belongs to whom `findOwnerId` tells: to the first account, unless
 * said otherwise; while there is none, the first to come will own it. Throws 422 for an API key as name.
 */
export async function createProject(
  services: ChangeServices,
  name: string,
  actor: Actor,
  findOwnerId?: FindOwner,
): Promise<Project> {
  const { control, directory } = services;
  const id = await control.write(NO_CALLER, ({ tx, revision }) =>
    insertProject(services, tx, revision, name, actor, findOwnerId),
  );
  await directory.refresh();
  const project = directory.findProject(id);
  if (!project) throw new Error(`Project ${id} was stored and is not in the directory.`);
  return project;
}

/** The part of `createProject` inside a transaction: for callers that store more in the same one. Returns its id. */
export async function insertProject(
  { clock, audit }: { clock: Clock; audit: Audit },
  tx: Transaction<ControlSchema>,
  revision: number,
  name: string,
  actor: Actor,
  findOwnerId: FindOwner = findFirstPersonId,
): Promise<string> {
  const mistakes = findKeysIn({ name: [name] });
  if (mistakes.length > 0) throw validationFailed(mistakes);
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
      created_at: now,
      updated_at: now,
      revision,
    })
    .execute();
  await audit.append(tx, { projectId: id, actor, action: 'project.created', target: id });
  const ownerId = await findOwnerId(tx);
  if (ownerId !== undefined)
    await insertMember({ audit, clock }, tx, { projectId: id, personId: ownerId, role: 'owner' }, actor);
  return id;
}
