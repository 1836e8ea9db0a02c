import { type Static, Type } from 'typebox';
import { ApiError } from '../http/errors.ts';
import { nullable } from '../http/route.ts';
import type { Services } from '../services.ts';
import { type App, isBeyondRestoring } from './app.ts';
import { APP_FIELDS } from './create.ts';

export const UPDATE_APP_BODY = Type.Object(
  {
    name: Type.Optional(APP_FIELDS.name),
    platform: Type.Optional(APP_FIELDS.platform),
    bundle_id: Type.Optional(nullable(APP_FIELDS.bundle_id)),
    timezone: Type.Optional(APP_FIELDS.timezone),
    currency: Type.Optional(APP_FIELDS.currency),
    deleted: Type.Optional(
      Type.Literal(false, { description: 'false restores an app deleted in the last 30 days.' }),
    ),
  },
  { additionalProperties: false, minProperties: 1 },
);

/** Changes an app and returns it. Throws 409 when a deleted one is changed without being restored, or too late. */
export async function updateApp(
  services: Services,
  app: App,
  body: Static<typeof UPDATE_APP_BODY>,
): Promise<App> {
  const now = services.clock.now();
  if (app.deletedAt !== null && body.deleted !== false) {
    throw new ApiError('conflict', {
      detail: 'The app is deleted. Restore it with {"deleted": false} first.',
    });
  }
  if (isBeyondRestoring(app, now)) {
    throw new ApiError('conflict', {
      detail: 'The app was deleted more than 30 days ago and cannot be restored.',
    });
  }
  const { deleted, name, ...rest } = body;
  await services.control.write(async (tx, revision) => {
    await tx
      .updateTable('apps')
      .set({
        ...rest,
        ...(name === undefined ? {} : { name: name.trim() }),
        ...(deleted === undefined ? {} : { deleted_at: null }),
        updated_at: now,
        revision,
      })
      .where('id', '=', app.id)
      .execute();
  });
  await services.directory.refresh();
  return services.directory.findApp(app.id) ?? app;
}
