import { type TObject, Type } from 'typebox';
import { BATCH_BYTES_MAX } from '../../events/ingest/ingest.ts';
import { closedObject, component, documentedAs } from '../../lib/schema.ts';
import { COUNTS, hasEvents } from './store-mapped.ts';

/**
 * What the routes that take events from other vendors' SDKs have in common. SDKs add query parameters of their own, and a body may have an
 * `app_id` that means something else.
 */
export const SDK_ROUTE = {
  method: 'POST',
  access: 'events:write',
  limit: 'events',
  cors: 'any_origin',
  query: Type.Object({}),
  bodyBytesMax: BATCH_BYTES_MAX,
  app: { from: 'query', required: hasEvents },
} as const;

/** The same for routes that take one event, which always needs an app. */
export const SDK_EVENT_ROUTE = {
  ...SDK_ROUTE,
  app: { from: 'query', required: () => true },
  eventCount: () => 1,
} as const;

/** Returns the schema of a body that is one event or a list of them. An element of the wrong type must not cost the others. */
export const oneOrMany = <Event extends TObject>(event: Event) =>
  Type.Union([event, Type.Array(documentedAs(Type.Unknown(), event))], {
    description: 'One event, or a list of at most 2,000.',
  });

/** Returns the events of such a body. */
export const listEvents = (body: unknown): unknown[] => (Array.isArray(body) ? body : [body]);

/** Returns the schema of an answer that has the counts only. */
export const countsAnswer = (name: string) =>
  component(name, closedObject(COUNTS), {
    description: 'What was stored. SDKs look at the status only.',
  });
