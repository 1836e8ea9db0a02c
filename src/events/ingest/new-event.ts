import { Type } from 'typebox';
import { closedObject, component, nullable } from '../../lib/schema.ts';
import { CONTEXT_KEYS } from './context.ts';

// For OpenAPI only: `parseEvent` validates each event, so that one invalid event does not fail the others.

const CONTEXT_HELP: Record<(typeof CONTEXT_KEYS)[number], string> = {
  platform: 'Such as `ios`, `android` or `web`.',
  os_version: 'Version of the operating system.',
  app_version: 'Version of the app.',
  country: 'ISO 3166 code of the country, such as `DE`.',
  locale: 'Language and region, such as `de_DE`.',
  device_model: 'Model of the device.',
  sdk: 'Name and version of the library that sent the event.',
};

const text = (description: string) => Type.Optional(Type.String({ maxLength: 128, description }));

/** What OpenAPI says about the context of an event. */
export const EVENT_CONTEXT = component(
  'EventContext',
  closedObject(Object.fromEntries(CONTEXT_KEYS.map((key) => [key, text(CONTEXT_HELP[key])]))),
  { description: 'The app and the device that an event comes from.' },
);

const PROPERTIES = Type.Object(
  {
    revenue: Type.Optional(
      nullable(
        Type.Union([Type.String(), Type.Number()], {
          description:
            'Amount as a decimal, such as `"9.99"`: at most 18 integer digits and 6 decimals, negative only if `event_name` is `refund`. Send text to keep it exact.',
        }),
      ),
    ),
    currency: Type.Optional(
      nullable(
        Type.String({
          description: 'ISO 4217 code of `revenue`, such as `USD` (default: the currency of the app).',
        }),
      ),
    ),
  },
  {
    additionalProperties: true,
    maxProperties: 200,
    description:
      'Anything else about the event: at most 200 names of up to 128 characters, nested at most 5 levels deep.',
  },
);

/** An event as it is sent, for the documentation. */
export const NEW_EVENT_EXAMPLE = {
  event_id: '01KAN5X5N8T2QHV4J7RZ3M6CDE',
  event_name: 'purchase_complete',
  app_user_id: 'user_123',
  timestamp: '2026-11-22T10:00:00.000Z',
  properties: { product_id: 'pro_monthly', revenue: '9.99', currency: 'USD' },
  context: { platform: 'ios', app_version: '2.4.0', country: 'DE' },
};

/** What OpenAPI says about an event to store. */
export const NEW_EVENT = component(
  'NewEvent',
  Type.Object(
    {
      event_id: Type.Optional(
        nullable(
          Type.String({
            minLength: 1,
            maxLength: 128,
            description:
              'Makes sending the event again safe. Use a random ID (UUID or ULID), never an order number. Visible ASCII characters. If it is missing, the server creates one.',
          }),
        ),
      ),
      event_name: Type.String({
        pattern: '^([a-z][a-z0-9_]{0,63}|\\$(identify|set|session_start|session_end))$',
        description:
          'What happened, in snake_case. Names that start with `$` are reserved for SDKs and count in no metric: `$identify` says that `properties.anonymous_id` and `app_user_id` are one person, `$set` sets properties of the user (`properties.$set` and `properties.$set_once`), `$session_start` and `$session_end` mark sessions.',
      }),
      app_user_id: Type.String({
        minLength: 1,
        maxLength: 256,
        description:
          'Identifies one person or device: your own user ID, or a random ID until you know it. At most 256 bytes, no placeholder such as `null`.',
      }),
      session_id: Type.Optional(
        nullable(
          Type.String({ maxLength: 128, description: 'Groups the events of one session in the app.' }),
        ),
      ),
      timestamp: Type.Optional(
        nullable(
          Type.Union([Type.String({ format: 'date-time' }), Type.Number()], {
            description:
              'When it happened: RFC 3339, or milliseconds since 1970 (default: now). From the year 2000 on, at most 1 hour ahead of the server.',
          }),
        ),
      ),
      app_id: Type.Optional(
        nullable(Type.String({ description: 'The app of this event (default: the `app_id` of the batch).' })),
      ),
      properties: Type.Optional(nullable(PROPERTIES)),
      context: Type.Optional(nullable(EVENT_CONTEXT)),
    },
    { additionalProperties: true },
  ),
  {
    description:
      'An event to store, at most 32 KB of JSON. Unknown members are dropped and listed under `warnings`.',
    examples: [NEW_EVENT_EXAMPLE],
  },
);
