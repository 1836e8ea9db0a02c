import { type Dialect, PAUSE, USUAL_STATES } from '../../api/dialect.ts';
import { toFields } from '../mapping/event-parts.ts';

const WAIT = { min: 60, max: 300 };
/**
 * PostHog's protocol. Never 429: the SDK for Unity deletes its events then, and those for iOS and Android after three
 * failed attempts. After a 503 they wait for `Retry-After`; the SDK for Android waits exactly that long and deletes everything after
 * the fourth failure, so it is long even for a short outage. After a 413 all of them halve the batch.
 */
export const POSTHOG: Dialect = {
  id: 'posthog',
  name: 'PostHog',
  findBodyKey,
  states: {
    ...USUAL_STATES,
    over_limit: { status: 503, retryAfter: WAIT },
    unavailable: PAUSE,
  },
};

/** Returns the key in a batch, or in the first of the single events that browsers send. */
function findBodyKey(body: unknown): unknown {
  const first = toFields(Array.isArray(body) ? body[0] : body);
  return first.api_key ?? first.token ?? toFields(first.properties).token;
}
