import type { Transaction } from 'kysely';
import { type Static, Type } from 'typebox';
import type { Actor } from '../api/caller.ts';
import type { IdempotencyKey } from '../api/route.ts';
import { requireNoKeysIn } from '../api/validate.ts';
import type { Audit, ChangeServices } from '../audit/audit.ts';
import { NO_CALLER } from '../control/open.ts';
import type { ControlSchema } from '../control/schema.ts';
import { type App, PLATFORMS } from '../directory/app.ts';
import { findIdempotencyRecord, insertIdempotencyRecord } from '../idempotency/records.ts';
import type { Clock } from '../lib/clock.ts';
import { newId } from '../lib/id.ts';
import { closedObject } from '../lib/schema.ts';

/** What can be said of an app; the same members are patched later. */
export const APP_FIELDS = {
  name: Type.String({ minLength: 1, maxLength: 100, pattern: '\\S' }),
  platform: Type.Enum([...PLATFORMS]),
  bundle_id: Type.String({ minLength: 1, maxLength: 200 }),
  timezone: Type.String({
    format: 'timezone',
    description: 'IANA name; days of the numbers begin at its midnight.',
  }),
  currency: Type.String({ format: 'currency', description: 'ISO 4217 code of the single revenue figure.' }),
};

export const CREATE_APP_BODY = closedObject({
  name: APP_FIELDS.name,
  platform: APP_FIELDS.platform,
  bundle_id: Type.Optional(APP_FIELDS.bundle_id),
  timezone: Type.Optional(APP_FIELDS.timezone),
  currency: Type.Optional(APP_FIELDS.currency),
});

/**
 * Creates an app in a project for `actor` and returns it; for an intent that was carried out before, the app it made.
 * Throws 422 when an API key is in its text, or when the intent's body is another than before.
 */
export async function createApp(
  services: ChangeServices,
  projectId: string,
  body: Static<typeof CREATE_APP_BODY>,
  actor: Actor,
  intent?: IdempotencyKey,
): Promise<App> {
  requireNoKeysIn({ name: body.name, bundle_id: body.bundle_id });
  const { control, directory, clock } = services;
  const now = clock.now();
  const id = await control.write(NO_CALLER, async ({ tx, revision }) => {
    const known = intent && (await findIdempotencyRecord(tx, intent, now));
    if (known) return known.createdId;
    const id = await insertApp(services, tx, revision, projectId, body, actor);
    if (intent)
      await insertIdempotencyRecord(tx, intent, { createdId: id, sealedAnswer: null, createdAt: now });
    return id;
  });
  await directory.refresh();
  const app = directory.findApp(id);
  if (!app) throw new Error(`App ${id} was stored and is not in the directory.`);
  return app;
}

/** The part of `createApp` inside a transaction: for callers that store more in the same one. Returns its id. */
export async function insertApp(
  { clock, audit }: { clock: Clock; audit: Audit },
  tx: Transaction<ControlSchema>,
  revision: number,
  projectId: string,
  body: Static<typeof CREATE_APP_BODY>,
  actor: Actor,
): Promise<string> {
  const id = newId('app');
  const now = clock.now();
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
