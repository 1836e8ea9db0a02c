import { type Dialect, PAUSE } from '../../api/dialect.ts';
import { toFields } from '../mapping/event-parts.ts';

/** Segment's SDKs wait at most 5 minutes, whatever `Retry-After` says. */
const WAIT = { min: 1, max: 300 };

/**
 * Segment's protocol. RudderStack's SDKs send the same requests and delete everything they have stored after a 401, and a
 * batch after a 400 or 413, so everything that can be undone is a 503. A 404 would end the process of its Node SDK.
 */
export const SEGMENT: Dialect = {
  name: 'Segment',
  findBodyKey: (body) => toFields(body).writeKey,
  states: {
    unreadable: { status: 400 },
    too_large: { status: 413 },
    bad_key: { status: 401 },
    not_allowed: { status: 403 },
    paused: PAUSE,
    over_limit: { status: 429, retryAfter: WAIT },
    unavailable: { status: 503, retryAfter: WAIT },
  },
};
