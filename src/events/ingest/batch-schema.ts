import { Type } from 'typebox';
import { closedObject, component, documentedAs, nullable } from '../../lib/schema.ts';
import { EVENTS_PER_BATCH_MAX } from '../../limits/policies.ts';
import { NEW_EVENT } from './new-event.ts';
import { REJECTION_CURES } from './rejection-cures.ts';
import { WARNING_CODES } from './warnings.ts';

/**
 * Only the envelope: each event is validated on its own, so that one bad event does not fail the others. Unknown
 * fields are allowed, because a newer SDK must not lose data on an older server.
 */
export const BATCH_BODY = component(
  'EventBatch',
  Type.Object({
    app_id: Type.Optional(
      nullable(Type.String({ description: 'The app of events without their own `app_id`.' })),
    ),
    sent_at: Type.Optional(
      nullable(
        Type.Union([Type.String({ format: 'date-time' }), Type.Number()], {
          description:
            'The time on the device when it sends the batch: RFC 3339, or milliseconds since 1970. Corrects the timestamps if its clock is wrong.',
        }),
      ),
    ),
    normalize_names: Type.Optional(
      nullable(
        Type.Boolean({
          description:
            'Whether event names of any form are accepted: `Order Completed` is stored as `order_completed`, and the original name is kept in `properties.$original_name`. Default: `false`.',
        }),
      ),
    ),
    events: Type.Array(documentedAs(Type.Unknown(), NEW_EVENT), {
      description: `At most ${EVENTS_PER_BATCH_MAX} events.`,
    }),
  }),
  { description: 'Events to store together.' },
);

const REJECTED_EVENT = component(
  'RejectedEvent',
  closedObject({
    index: Type.Integer({ description: 'Position in `events`, from 0.' }),
    event_id: Type.Optional(Type.String({ description: 'The ID that was sent, if it is valid.' })),
    code: documentedAs(
      Type.String(),
      Type.Enum(Object.keys(REJECTION_CURES), { description: 'Why the event was rejected.' }),
    ),
    field: Type.String({ description: 'The path of the field that is not valid.' }),
    message: Type.String({ description: 'What to send instead.' }),
  }),
  { description: 'An event that is not valid. Correct it before you send it again.' },
);

const WARNING = component(
  'EventWarning',
  closedObject({
    code: Type.Enum(WARNING_CODES, { description: 'What was found.' }),
    field: Type.String({ description: 'The path of the field.' }),
    events: Type.Integer({ description: 'How many events have it.' }),
    message: Type.String({ description: 'What happened to it, and what to do.' }),
  }),
  { description: 'A field that was dropped or changed in events that were stored.' },
);

/** Which events of a batch were stored, rejected or changed. */
export const BATCH_ANSWER = component(
  'EventBatchResult',
  closedObject({
    accepted: Type.Integer({ description: 'Events that this request stored durably.' }),
    duplicates: Type.Integer({
      description:
        'Events with an `event_id` that was already stored for their app. Client and server keys are counted separately.',
    }),
    rejected: Type.Array(REJECTED_EVENT, { description: 'Events that are not valid and were not stored.' }),
    warnings: Type.Array(WARNING, { description: 'Fields that were dropped or changed.' }),
  }),
  {
    description: 'What happened to each event of a batch.',
    examples: [{ accepted: 1, duplicates: 0, rejected: [], warnings: [] }],
  },
);
