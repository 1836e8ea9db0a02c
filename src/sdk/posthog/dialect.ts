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
  listBodyKeys,
  states: {
    ...USUAL_STATES,
    over_limit: { status: 503, retryAfter: WAIT },
    unavailable: PAUSE,
  },
};

/** Returns every value in a place where PostHog's SDKs put a key, in the body and in each event. The first is the key of the request. */
function listBodyKeys(body: unknown): unknown[] {
  if (Array.isArray(body)) return [findKey(body[0]), ...body.flatMap(listKeys)];
  const { batch } = toFields(body);
  return [findKey(body), ...listKeys(body), ...(Array.isArray(batch) ? batch.flatMap(listKeys) : [])];
}

const findKey = (sent: unknown): unknown => listKeys(sent).find((key) => key !== undefined && key !== null);

function listKeys(sent: unknown): unknown[] {
  const { api_key, token, properties } = toFields(sent);
  return [api_key, token, toFields(properties).token];
}
