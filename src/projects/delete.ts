import type { Selectable } from 'kysely';
import type { Requester } from '../api/caller.ts';
import { ApiError } from '../api/errors.ts';
import type { ChangeServices } from '../audit/audit.ts';
import type { ControlTransaction } from '../control/control.ts';
import type { ProjectTable } from '../control/schema.ts';
import { isPastRestore } from '../directory/restorable.ts';

/**
 * Marks a project as deleted: its keys are refused, its members no longer see it, and an owner can restore it for 30
 * days. Its apps, keys and events are kept. Deleting it again changes nothing: the 30 days count from the first time.
 * Throws 404 if the person is not a member, 403 if they are not an owner.
 */
export async function deleteProject(services: ChangeServices, id: string, by: Requester): Promise<void> {
  const now = services.clock.now();
  await changeDeletion(services, id, by, ({ deleted_at }) => deleted_at ?? now);
}

/** Restores a deleted project. Throws like `deleteProject`, and 409 if it was deleted more than 30 days ago. */
export async function restoreProject(services: ChangeServices, id: string, by: Requester): Promise<void> {
  const now = services.clock.now();
  await changeDeletion(services, id, by, ({ deleted_at: deletedAt }) => {
    if (!isPastRestore({ deletedAt }, now)) return null;
    throw new ApiError('conflict', {
      detail: 'The project was deleted more than 30 days ago and cannot be restored.',
    });
  });
}

type Row = Selectable<ProjectTable>;

async function changeDeletion(
  { control, directory, audit, clock }: ChangeServices,
  projectId: string,
  { actor, recheck }: Requester,
  decide: (row: Row) => number | null,
): Promise<void> {
  await control.write(recheck, async ({ tx, revision }) => {
    const row = await getOwnProject(tx, projectId, actor.id);
    const deleted_at = decide(row);
    if (deleted_at === row.deleted_at) return;
    await tx
      .updateTable('projects')
      .set({ deleted_at, updated_at: clock.now(), revision })
      .where('id', '=', projectId)
      .execute();
    const action = deleted_at === null ? 'project.restored' : 'project.deleted';
    await audit.append(tx, { projectId, actor, action, target: projectId });
  });
  await directory.refresh();
}

/** Returns a project that the person owns, deleted or not. */
async function getOwnProject(tx: ControlTransaction, projectId: string, personId: string): Promise<Row> {
  const found = await tx
    .selectFrom('project_members')
    .innerJoin('projects', 'projects.id', 'project_members.project_id')
    .selectAll('projects')
    .select('project_members.role')
    .where('project_id', '=', projectId)
    .where('person_id', '=', personId)
    .executeTakeFirst();
  if (!found) throw new ApiError('not_found', { detail: 'There is no such project.' });
  if (found.role === 'owner') return found;
  throw new ApiError('exceeds_own_permissions', {
    detail: 'Only owners can delete or restore a project. Ask an owner.',
  });
}
