import { type Dialect, USUAL_STATES } from '../../api/dialect.ts';
import { toFields } from '../mapping/event-parts.ts';

/** Segment's SDKs wait at most 5 minutes, whatever `Retry-After` says. */
const WAIT = { min: 1, max: 300 };

/** What the SDKs of Segment and RudderStack have in common: where the key is, and the answers per state. */
export const SEGMENT_PROTOCOL = {
  listBodyKeys: (body: unknown) => [toFields(body).writeKey],
  states: {
    ...USUAL_STATES,
    over_limit: { status: 429, retryAfter: WAIT },
    unavailable: { status: 503, retryAfter: WAIT },
  },
} satisfies Partial<Dialect>;

/**
 * Segment's protocol. RudderStack's SDKs send the same requests and delete everything they have stored after a 401, and a
 * batch after a 400 or 413, so everything that can be undone is a 503. A 404 would end the process of its Node SDK.
 */
export const SEGMENT: Dialect = {
  ...SEGMENT_PROTOCOL,
  id: 'segment',
  name: 'Segment',
  variants: [
    { dialect: { ...SEGMENT_PROTOCOL, id: 'rudderstack', name: 'RudderStack' }, hasBody: isRudderStack },
  ],
};

/** Such as `RudderLabs JavaScript SDK`, `rudder-ios-library` and `com.rudderstack.android.sdk.core`. */
const RUDDERSTACK_LIBRARY = /rudder/i;

/**
 * Whether a batch, or a message sent alone, is from an SDK of RudderStack: its first message names the library, or has the time
 * where only they put it. Their SDK for Node calls itself `analytics-node`, as one of Segment's did.
 */
function isRudderStack(body: unknown): boolean {
  const { batch = [body] } = toFields(body);
  const { context, originalTimestamp } = toFields(Array.isArray(batch) ? batch[0] : undefined);
  const library = toFields(toFields(context).library).name;
  return (
    originalTimestamp !== undefined || (typeof library === 'string' && RUDDERSTACK_LIBRARY.test(library))
  );
}
