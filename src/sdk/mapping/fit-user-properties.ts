import { isTooLarge } from '../../events/ingest/event-size.ts';
import { parseProperties } from '../../events/ingest/properties.ts';
import { findUserPropertyError, USER_PROPERTIES_MAX } from '../../events/ingest/reserved-events.ts';
import { copyDigits } from '../../lib/exact-json.ts';
import { deriveId, extend, type Fields, toFields, toUserTraits } from './event-parts.ts';

const PARTS = ['$set', '$set_once'] as const;
const PARTS_SET: ReadonlySet<string> = new Set(PARTS);

/** Leaves room in an event for everything else. */
const FITTING_BYTES_MAX = 20_000;

/** User properties of one event. */
type Part = Record<(typeof PARTS)[number], Record<string, unknown>>;

/**
 * User properties: those that fit, by event, those after the names that one event may have, and those that no event may have. The
 * ones after may be too many or too large together; then they are rejected, but not because of one that is invalid.
 */
type Split = { fitting: Part[]; later: Part; invalid: Part };

/**
 * Returns a `$identify` or `$set` event with the user properties that fit in it, as many `$set` events as the others need,
 * and a `$set` event with those that are not valid, which is rejected on its own. One value that is too large, or many
 * that are together, must cost neither the link nor the other values.
 */
export function fitUserProperties(event: object): object[] {
  const { event_name, event_id, properties: sent } = toFields(event);
  if (event_name !== '$identify' && event_name !== '$set') return [event];
  const properties = toFields(sent);
  if (isValid(toFields(event), event_name, properties)) return [event];
  const split = splitProperties(properties);
  const [fitting, ...more] = split.fitting.map(toTraits);
  const [later, invalid] = [toTraits(split.later), toTraits(split.invalid)];
  if ((!later && !invalid && more.length === 0) || (!fitting && event_name === '$set')) return [event];
  const toSet = (kind: string, traits: Fields | undefined) => {
    const id = event_id === undefined ? {} : { event_id: deriveId(kind, String(event_id)) };
    return { ...event, ...id, event_name: '$set', properties: traits };
  };
  return [
    { ...event, properties: extend(properties, fitting ?? {}, PARTS_SET) },
    ...more.map((traits, index) => toSet(`part${index + 1}`, traits)),
    ...(later ? [toSet('later', later)] : []),
    ...(invalid ? [toSet('rest', invalid)] : []),
  ];
}

const toTraits = ({ $set, $set_once }: Part): Fields | undefined => toUserTraits($set, $set_once);

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

const createPart = (): Part => ({ $set: {}, $set_once: {} });

function splitProperties(properties: Fields): Split {
  const split: Split = { fitting: [], later: createPart(), invalid: createPart() };
  let room = 0;
  function findPart(bytes: number | undefined): Part {
    if (bytes === undefined) return split.invalid;
    if (bytes > room) {
      split.fitting.push(createPart());
      room = FITTING_BYTES_MAX;
    }
    room -= bytes;
    return split.fitting.at(-1) ?? split.invalid;
  }
  for (const name of PARTS) {
    const sent = toFields(properties[name]);
    for (const [index, [property, value]] of Object.entries(sent).entries()) {
      const part = index < USER_PROPERTIES_MAX ? findPart(measureOne(sent, property, value)) : split.later;
      // Not assigned: that would set the prototype for the name `__proto__`.
      const member = { value, enumerable: true, configurable: true, writable: true };
      Object.defineProperty(part[name], property, member);
    }
    for (const part of [...split.fitting, split.later, split.invalid]) copyDigits(sent, part[name]);
  }
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
