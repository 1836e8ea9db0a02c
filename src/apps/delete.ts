import type { Services } from '../services.ts';
import type { App } from './app.ts';

/**
 * Marks an app as deleted and returns it: its events are kept and refused, and it can be restored for 30 days.
 * Deleting it again changes nothing, so that the 30 days run from the first time.
 */
export async function deleteApp({ control, directory, clock }: Services, app: App): Promise<App> {
  const now = clock.now();
  await control.write(async (tx, revision) => {
    await tx
      .updateTable('apps')
      .set({ deleted_at: now, updated_at: now, revision })
      .where('id', '=', app.id)
      .where('deleted_at', 'is', null)
      .execute();
  });
  await directory.refresh();
  return directory.findApp(app.id) ?? app;
}
