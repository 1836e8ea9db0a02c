import { type Static, Type } from 'typebox';
import { type App, PLATFORMS } from '../directory/app.ts';
import { closedObject, nullable } from '../lib/schema.ts';

/** The JSON of an app. */
export const APP_JSON = closedObject({
  id: Type.String(),
  project_id: Type.String(),
  name: Type.String(),
  platform: Type.Enum([...PLATFORMS]),
  bundle_id: nullable(Type.String()),
  timezone: Type.String(),
  currency: Type.String(),
  created_at: Type.String({ format: 'date-time' }),
  updated_at: Type.String({ format: 'date-time' }),
  deleted_at: nullable(Type.String({ format: 'date-time' })),
});

/** Returns an app as JSON. */
export function toAppJson(app: App): Static<typeof APP_JSON> {
  return {
    id: app.id,
    project_id: app.projectId,
    name: app.name,
    platform: app.platform,
    bundle_id: app.bundleId,
    timezone: app.timezone,
    currency: app.currency,
    created_at: new Date(app.createdAt).toISOString(),
    updated_at: new Date(app.updatedAt).toISOString(),
    deleted_at: app.deletedAt === null ? null : new Date(app.deletedAt).toISOString(),
  };
}
