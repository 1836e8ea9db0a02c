import { type Static, Type } from 'typebox';
import { type App, PLATFORMS } from '../directory/app.ts';
import { closedObject, component, nullable } from '../lib/schema.ts';

/** The JSON of an app. */
export const APP_JSON = component(
  'App',
  closedObject({
    id: Type.String({ description: 'Identifies the app.' }),
    project_id: Type.String({ description: 'The project of the app.' }),
    name: Type.String({ description: 'Name of the app.' }),
    platform: Type.Enum([...PLATFORMS], { description: 'Where the app runs.' }),
    bundle_id: nullable(Type.String({ description: 'Bundle ID or package name.' })),
    timezone: Type.String({ description: 'IANA name of the time zone that days start in.' }),
    currency: Type.String({ description: 'ISO 4217 code of the currency that revenue is reported in.' }),
    created_at: Type.String({ format: 'date-time', description: 'When it was created.' }),
    updated_at: Type.String({ format: 'date-time', description: 'When it was last changed.' }),
    deleted_at: nullable(Type.String({ format: 'date-time', description: 'When it was deleted.' })),
  }),
  {
    description: 'An app of a project, on one platform.',
    examples: [
      {
        id: 'app_01K9ZV0Q6T4M8XJ2R5C7N3B1WD',
        project_id: 'proj_01K9ZV0Q6T4M8XJ2R5C7N3B1WC',
        name: 'Notes for iOS',
        platform: 'ios',
        bundle_id: 'com.example.notes',
        timezone: 'Europe/Berlin',
        currency: 'EUR',
        created_at: '2026-11-22T10:00:00.000Z',
        updated_at: '2026-11-22T10:00:00.000Z',
        deleted_at: null,
      },
    ],
  },
);

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
