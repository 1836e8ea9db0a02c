import { type Static, Type } from 'typebox';
import type { Actor, Requester } from '../api/caller.ts';
import { CAP_WINDOW_MS, requireBelowCap } from '../api/caps.ts';
import type { IdempotencyKey } from '../api/route.ts';
import { requireNoKeysIn } from '../api/validate.ts';
import type { Audit, ChangeServices } from '../audit/audit.ts';
import type { ControlTransaction, Write } from '../control/control.ts';
import { type App, PLATFORMS } from '../directory/app.ts';
import { BUNDLE_ID_LENGTH, NAME_RULES } from '../directory/field-rules.ts';
import { runOnce } from '../idempotency/run-once.ts';
import type { Clock } from '../lib/clock.ts';
import { newId } from '../lib/id.ts';
import { closedObject, component } from '../lib/schema.ts';

/** The fields of an app that callers set, when they create or change it. */
export const APP_FIELDS = {
  name: Type.String({ ...NAME_RULES, description: 'Name of the app.' }),
  platform: Type.Enum([...PLATFORMS], { description: 'Where the app runs.' }),
  bundle_id: Type.String({ ...BUNDLE_ID_LENGTH, description: 'Bundle ID or package name.' }),
  timezone: Type.String({
    format: 'timezone',
    description: 'IANA name of the time zone that days start in (default when creating: `UTC`).',
  }),
  currency: Type.String({
    format: 'currency',
    description: 'ISO 4217 code of the currency that revenue is reported in (default when creating: `USD`).',
  }),
};

/** The body of a request to create an app. */
export const CREATE_APP_BODY = component(
  'NewApp',
  closedObject({
    name: APP_FIELDS.name,
    platform: APP_FIELDS.platform,
    bundle_id: Type.Optional(APP_FIELDS.bundle_id),
    timezone: Type.Optional(APP_FIELDS.timezone),
    currency: Type.Optional(APP_FIELDS.currency),
  }),
);

/**
 * Creates an app in a project and returns it; for a repeated idempotency key, the app that the first request created.
 * Throws 422 if its text contains an API key, or if the same idempotency key came with another body, 409 if the project
 * has no room for it.
 */
export async function createApp(
  services: ChangeServices,
  projectId: string,
  body: Static<typeof CREATE_APP_BODY>,
  { actor, recheck }: Requester,
  idempotencyKey?: IdempotencyKey,
): Promise<App> {
  requireNoKeysIn({ name: body.name, bundle_id: body.bundle_id });
  const { control, directory, clock } = services;
  const now = clock.now();
  const id = await control.write(recheck, async (write) =>
    runOnce(write, idempotencyKey, now, {
      async create() {
        const created = await insertApp(services, write, projectId, body, actor);
        return { result: created, createdId: created, sealedAnswer: null };
      },
      replay: async ({ createdId }) => createdId,
    }),
  );
  await directory.refresh();
  const app = directory.findApp(id);
  if (!app) throw new Error(`App ${id} was stored and is not in the directory.`);
  return app;
}

/** The part of `createApp` inside a write, for callers that store more in the same one. Returns the app's ID. */
export async function insertApp(
  { clock, audit }: { clock: Clock; audit: Audit },
  { tx, revision }: Write,
  projectId: string,
  body: Static<typeof CREATE_APP_BODY>,
  actor: Actor,
): Promise<string> {
  const id = newId('app');
  const now = clock.now();
  await requireRoomForLiveApp(tx, projectId);
  await requireRoomToday(tx, projectId, now);
  await tx
    .insertInto('apps')
    .values({
      id,
      project_id: projectId,
      name: body.name.trim(),
      platform: body.platform,
      bundle_id: body.bundle_id ?? null,
      timezone: body.timezone ?? 'UTC',
      currency: body.currency ?? 'USD',
      created_at: now,
      updated_at: now,
      deleted_at: null,
      revision,
    })
    .execute();
  await audit.append(tx, { projectId, actor, action: 'app.created', target: id });
  return id;
}

/** Throws 409 if the project has as many apps that are not deleted as it can have. Call it in the write. */
export async function requireRoomForLiveApp(tx: ControlTransaction, projectId: string): Promise<void> {
  const { count } = await countApps(tx, projectId).where('deleted_at', 'is', null).executeTakeFirstOrThrow();
  requireBelowCap(count, 'liveApps', 'apps in this project');
}

async function requireRoomToday(tx: ControlTransaction, projectId: string, now: number): Promise<void> {
  const recent = countApps(tx, projectId).where('created_at', '>', now - CAP_WINDOW_MS);
  const { count } = await recent.executeTakeFirstOrThrow();
  requireBelowCap(count, 'appsPerDay', 'apps created in this project within 24 hours');
}

const countApps = (tx: ControlTransaction, projectId: string) =>
  tx
    .selectFrom('apps')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('project_id', '=', projectId);
