import { type Static, Type } from 'typebox';
import type { Erasure } from '../erasure/erasure-record.ts';
import { closedObject, component, nullable } from '../lib/schema.ts';

/** The JSON of an erasure. */
export const ERASURE_JSON = component(
  'Erasure',
  closedObject({
    id: Type.String({ description: 'Identifies the erasure.' }),
    status: Type.Enum(['pending', 'done'], {
      description: '`done` once nothing that was erased can be queried. `pending`: ask again with the ID.',
    }),
    app_ids: Type.Array(Type.String(), { description: 'Apps in which the person is erased.' }),
    erased: closedObject({
      events: Type.Integer({ description: 'Number of events. 0 until they are counted.' }),
      app_user_ids: Type.Integer({
        description: "Number of the person's IDs that had events, counted per app.",
      }),
    }),
    requested_at: Type.String({ format: 'date-time', description: 'When it was requested.' }),
    completed_at: nullable(Type.String({ format: 'date-time' }), {
      description: 'When it was done; null while it is pending.',
    }),
  }),
  {
    description: 'A request to erase a person. It contains no ID of the person.',
    examples: [
      {
        id: 'ers_01KAN5X5N8T2QHV4J7RZ3M6CDE',
        status: 'done',
        app_ids: ['app_01K9ZV0Q6T4M8XJ2R5C7N3B1WD'],
        erased: { events: 217, app_user_ids: 2 },
        requested_at: '2026-11-22T10:00:00.000Z',
        completed_at: '2026-11-22T10:00:01.204Z',
      },
    ],
  },
);

/** Returns an erasure as JSON. */
export function toErasureJson(erasure: Erasure): Static<typeof ERASURE_JSON> {
  const { id, appIds, events, appUserIds, requestedAt, doneAt } = erasure;
  return {
    id,
    status: doneAt === null ? 'pending' : 'done',
    app_ids: appIds,
    erased: { events, app_user_ids: appUserIds },
    requested_at: new Date(requestedAt).toISOString(),
    completed_at: doneAt === null ? null : new Date(doneAt).toISOString(),
  };
}
