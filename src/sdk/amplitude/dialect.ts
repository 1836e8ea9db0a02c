import { Type } from 'typebox';
import { type Dialect, PAUSE } from '../../api/dialect.ts';
import type { ErrorCode } from '../../api/error-codes.ts';
import { TYPE_PREFIXES } from '../../directory/scopes.ts';
import { closedObject, component } from '../../lib/schema.ts';
import { toFields } from '../mapping/event-parts.ts';

/** The member with the positions of rejected events. */
export const INVALID_FIELDS = 'events_with_invalid_fields';

/** The refusals of Amplitude: its SDKs read `code` rather than the status. */
export const AMPLITUDE_ERROR = component(
  'AmplitudeError',
  closedObject({
    code: Type.Integer({ description: 'The status again.' }),
    error: Type.String({
      description: 'What is wrong. For a key that is not accepted: `Invalid API key: …`.',
    }),
    [INVALID_FIELDS]: Type.Optional(
      Type.Record(Type.String(), Type.Array(Type.Integer()), {
        description: 'The positions of the events that are not valid, by field.',
      }),
    ),
  }),
  { description: 'Why a batch was refused. SDKs send the rest again without the events that are listed.' },
);

const WAIT = { min: 1, max: 300 };
/** The codes of a key that is not accepted, which SDKs recognize by the text. */
const BAD_KEY: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'missing_api_key',
  'invalid_api_key',
  'api_key_expired',
  'api_key_revoked',
]);

const CLIENT_KEY = `${TYPE_PREFIXES.client}_`;

/** Amplitude's protocol. Its SDKs know a bad key by the text of a 400, and split a batch after a 413. */
export const AMPLITUDE: Dialect = {
  id: 'amplitude',
  name: 'Amplitude',
  listBodyKeys: (body) => [toFields(body).api_key],
  states: {
    unreadable: { status: 400 },
    too_large: { status: 413 },
    bad_key: { status: 400 },
    not_allowed: { status: 400 },
    paused: PAUSE,
    over_limit: { status: 429, retryAfter: WAIT },
    unavailable: { status: 503, retryAfter: WAIT },
  },
  error: {
    schema: AMPLITUDE_ERROR,
    repeatsKey: ({ code }, key) => BAD_KEY.has(code) && key?.startsWith(CLIENT_KEY) === true,
    render: ({ code, message, members }, { status }, key) => ({
      code: status,
      // A key that is only paused must not look like one that is not valid.
      error: status === 400 && BAD_KEY.has(code) ? `Invalid API key: ${key ?? ''}` : message,
      ...(INVALID_FIELDS in members ? { [INVALID_FIELDS]: members[INVALID_FIELDS] } : {}),
    }),
  },
};
