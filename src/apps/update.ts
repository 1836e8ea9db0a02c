import { type Static, Type } from 'typebox';
import type { Actor, Requester } from '../api/caller.ts';
import { ApiError } from '../api/errors.ts';
import { requireNoKeysIn } from '../api/validate.ts';
import type { Audit, ChangeServices } from '../audit/audit.ts';
import { diffOf } from '../audit/diff.ts';
import { changesRow } from '../control/changes-row.ts';
import type { ControlTransaction } from '../control/control.ts';
import type { App } from '../directory/app.ts';
import { toApp } from '../directory/records.ts';
import { isPastRestore } from '../directory/restorable.ts';
import { component, nullable } from '../lib/schema.ts';
import { toAppJson } from './app-json.ts';
import { APP_FIELDS, requireRoomForLiveApp } from './create.ts';

/** The body of a request to change or restore an app. */
export const UPDATE_APP_BODY = component(
  'AppChanges',
  Type.Object(
    {
      name: Type.Optional(APP_FIELDS.name),
      platform: Type.Optional(APP_FIELDS.platform),
      bundle_id: Type.Optional(nullable(APP_FIELDS.bundle_id)),
      timezone: Type.Optional(APP_FIELDS.timezone),
      currency: Type.Optional(APP_FIELDS.currency),
      deleted: Type.Optional(
        Type.Literal(false, { description: '`false` restores an app that was deleted in the last 30 days.' }),
      ),
    },
    { additionalProperties: false, minProperties: 1 },
  ),
);

/**
 * Changes or restores an app and returns it. Throws 409 for a deleted app that is not restored by the change or can no
 * longer be or for which the project has no room, and 422 if its text contains an API key.
 */
export async function updateApp(
  services: ChangeServices,
  app: App,
  body: Static<typeof UPDATE_APP_BODY>,
  { actor, recheck }: Requester,
): Promise<App> {
  requireNoKeysIn({ name: body.name, bundle_id: body.bundle_id });
  const now = services.clock.now();
  if (app.deletedAt !== null && body.deleted !== false) {
    throw new ApiError('conflict', {
      detail: 'The app is deleted. Restore it with {"deleted": false} first.',
    });
  }
  if (isPastRestore(app, now)) {
    throw new ApiError('conflict', {
      detail: 'The app was deleted more than 30 days ago and cannot be restored.',
    });
  }
  const { deleted, name, ...rest } = body;
  const columns = {
    ...rest,
    ...(name === undefined ? {} : { name: name.trim() }),
    ...(deleted === undefined ? {} : { deleted_at: null }),
  };
  await services.control.write(recheck, async ({ tx, revision }) => {
    const row = await tx.selectFrom('apps').selectAll().where('id', '=', app.id).executeTakeFirstOrThrow();
    if (!changesRow(row, columns)) return;
    const before = toApp(row);
    if (before.deletedAt !== null) await requireRoomForLiveApp(tx, app.projectId);
    await tx
      .updateTable('apps')
      .set({ ...columns, updated_at: now, revision })
      .where('id', '=', app.id)
      .execute();
    await appendChange(services.audit, tx, actor, before, await getRow(tx, app.id));
  });
  await services.directory.refresh();
  return services.directory.findApp(app.id) ?? app;
}

async function getRow(tx: ControlTransaction, appId: string): Promise<App> {
  return toApp(await tx.selectFrom('apps').selectAll().where('id', '=', appId).executeTakeFirstOrThrow());
}

/** A restore and a change are two audit entries, even in one request. */
async function appendChange(
  audit: Audit,
  tx: ControlTransaction,
  actor: Actor,
  before: App,
  after: App,
): Promise<void> {
  const entry = { projectId: after.projectId, actor, target: after.id };
  if (before.deletedAt !== null) await audit.append(tx, { ...entry, action: 'app.restored' });
  const diff = diffOf(toAppJson(before), toAppJson(after), ['updated_at', 'deleted_at']);
  if (diff) await audit.append(tx, { ...entry, action: 'app.updated', diff });
}
