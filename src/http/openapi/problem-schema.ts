import { Type } from 'typebox';
import { ERRORS } from '../../api/error-codes.ts';
import { component } from '../../lib/schema.ts';

const FIELD_ERROR = component(
  'FieldError',
  Type.Object({
    field: Type.String({ description: 'The path of the field, such as `rate_limits.events.requests.rate`.' }),
    code: Type.String({
      description: 'Such as `required`, `unknown_field`, `invalid_type` or `out_of_range`.',
    }),
    message: Type.String({ description: 'What to send instead.' }),
  }),
  { description: 'A field of the request that is not valid.' },
);

/** The body of every error. Open: an error can have more members. */
export const PROBLEM_SCHEMA = component(
  'Problem',
  Type.Object({
    type: Type.String({ description: 'URL of the documentation of the error.' }),
    title: Type.String({ description: 'Short name of the error, the same for each occurrence.' }),
    status: Type.Integer({ description: 'The HTTP status.' }),
    code: Type.Enum(Object.keys(ERRORS), { description: 'Identifies the error. Codes are never renamed.' }),
    detail: Type.String({ description: 'What happened in this case, and what to do.' }),
    request_id: Type.String({ description: 'The same as in the header `X-Request-Id`.' }),
    errors: Type.Optional(
      Type.Array(FIELD_ERROR, { description: 'With `validation_failed`: everything that is not valid.' }),
    ),
    required: Type.Optional(
      Type.Array(Type.String(), { description: 'With `insufficient_scope`: the scopes that are required.' }),
    ),
    granted: Type.Optional(
      Type.Array(Type.String(), { description: 'With `insufficient_scope`: the scopes that the key has.' }),
    ),
    category: Type.Optional(
      Type.String({ description: 'With `rate_limited`: `events`, `analytics` or `management`.' }),
    ),
    policy: Type.Optional(Type.String({ description: 'With `rate_limited`: the limit that is used up.' })),
    'violated-policies': Type.Optional(
      Type.Array(Type.String(), { description: 'With `rate_limited`: the same limit, as a list.' }),
    ),
    retry_after_ms: Type.Optional(
      Type.Integer({ description: 'With `rate_limited`: how long to wait, in milliseconds.' }),
    ),
    key_id: Type.Optional(
      Type.String({ description: 'With `idempotency_replay_expired`: the key that was created.' }),
    ),
  }),
  {
    description: 'An error (RFC 9457). Errors can have more members than those listed here.',
    examples: [
      {
        type: '/docs/errors#insufficient_scope',
        title: 'Insufficient scope',
        status: 403,
        code: 'insufficient_scope',
        detail: 'This key has events:write; this request needs analytics:read.',
        request_id: 'req_01KAN5X5N8T2QHV4J7RZ3M6CDE',
        required: ['analytics:read'],
        granted: ['events:write'],
      },
    ],
  },
);
