import type { Requester } from '../api/caller.ts';
import type { ChangeServices } from '../audit/audit.ts';
import type { App } from '../directory/app.ts';

/**
 * Marks an app as deleted and returns it. Its events are kept, new ones are rejected, and it can be restored for 30
 * days. Deleting it again changes nothing: the 30 days count from the first time.
 */
export async function deleteApp(
  { control, directory, clock, audit }: ChangeServices,
  app: App,
  { actor, recheck }: Requester,
): Promise<App> {
  const now = clock.now();
  await control.write(recheck, async ({ tx, revision }) => {
    const { numUpdatedRows } = await tx
      .updateTable('apps')
      .set({ deleted_at: now, updated_at: now, revision })
      .where('id', '=', app.id)
      .where('deleted_at', 'is', null)
      .executeTakeFirst();
    if (numUpdatedRows === 0n) return;
    await audit.append(tx, { projectId: app.projectId, actor, action: 'app.deleted', target: app.id });
  });
  await directory.refresh();
  return directory.findApp(app.id) ?? app;
}
