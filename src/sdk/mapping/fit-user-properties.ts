import { isTooLarge } from '../../events/ingest/event-size.ts';
import { parseProperties } from '../../events/ingest/properties.ts';
import { findUserPropertyError } from '../../events/ingest/reserved-events.ts';
import { copyDigits } from '../../lib/exact-json.ts';
import { deriveId, extend, type Fields, toFields, toUserTraits } from './event-parts.ts';

const PARTS = ['$set', '$set_once'] as const;
const PARTS_SET: ReadonlySet<string> = new Set(PARTS);

/** As many as one event may have. Those after them are not looked at: a body can contain a hundred thousand. */
const NAMES_MAX = 200;

/** Leaves room in an event for everything else. */
const FITTING_BYTES_MAX = 20_000;

/** User properties, and how many more bytes of them fit. */
type Split = { fitting: Record<string, unknown>; others: Record<string, unknown> };

/**
 * Returns a `$identify` or `$set` event with the user properties that it may have, and a `$set` event with the others, which
 * is rejected on its own. One value that is too large must cost neither the link nor the other values.
 */
export function fitUserProperties(event: object): object[] {
  const { event_name, event_id, properties: sent } = toFields(event);
  if (event_name !== '$identify' && event_name !== '$set') return [event];
  const properties = toFields(sent);
  if (isValid(toFields(event), event_name, properties)) return [event];
  const room = { bytes: FITTING_BYTES_MAX };
  const [$set, $set_once] = [splitPart(properties, '$set', room), splitPart(properties, '$set_once', room)];
  const fitting = toUserTraits($set.fitting, $set_once.fitting);
  const others = toUserTraits($set.others, $set_once.others);
  if (!others || (!fitting && event_name === '$set')) return [event];
  const fitted = { ...event, properties: extend(properties, fitting ?? {}, PARTS_SET) };
  const restId = event_id === undefined ? {} : { event_id: deriveId('rest', String(event_id)) };
  return [fitted, { ...event, ...restId, event_name: '$set', properties: others }];
}

function isValid(event: Fields, eventName: string, properties: Fields): boolean {
  const bytes = measure(properties);
  if (bytes === undefined || findUserPropertyError(eventName, properties)) return false;
  return !isTooLarge(event, bytes, false);
}

/** Returns the bytes of properties; undefined if an event may not have them. */
function measure(properties: Fields | undefined): number | undefined {
  const parsed = parseProperties(properties);
  return 'message' in parsed ? undefined : parsed.bytes;
}

function splitPart(properties: Fields, part: (typeof PARTS)[number], room: { bytes: number }): Split {
  const sent = toFields(properties[part]);
  const split: Split = { fitting: {}, others: {} };
  for (const [index, [name, value]] of Object.entries(sent).entries()) {
    const bytes = index < NAMES_MAX ? measureOne(sent, name, value) : undefined;
    const fits = bytes !== undefined && bytes <= room.bytes;
    if (fits) room.bytes -= bytes;
    // Not assigned: that would set the prototype for the name `__proto__`.
    const member = { value, enumerable: true, configurable: true, writable: true };
    Object.defineProperty(fits ? split.fitting : split.others, name, member);
  }
  for (const values of Object.values(split)) copyDigits(sent, values);
  return split;
}

/** Returns the bytes of one user property; undefined if no event may have it. */
function measureOne(sent: Fields, name: string, value: unknown): number | undefined {
  const one = { [name]: value };
  copyDigits(sent, one);
  const traits = toUserTraits(one, {});
  // The depth first, see `findUserPropertyError`.
  const bytes = measure(traits);
  return bytes === undefined || findUserPropertyError('$set', traits) ? undefined : bytes;
}
