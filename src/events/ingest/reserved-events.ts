/** The event names that start with `$`: only SDKs send them, and no metric counts them. */
export const RESERVED_NAMES = ['$identify', '$set', '$session_start', '$session_end'] as const;

/** Whether an event has one of RESERVED_NAMES. */
export const isReservedName = (name: string): boolean => RESERVED_NAMES.some((reserved) => reserved === name);

/** What is wrong with a user property, and its path, such as `properties.$set.plan`. */
type ReservedError = { field: string; message: string };

/** User properties of one event, per object. */
export const USER_PROPERTIES_MAX = 200;
const NAME_CHARACTERS_MAX = 128;
/** Bytes of the JSON of a value: properties of users are read for every user that a query filters. */
const VALUE_BYTES_MAX = 1_024;

const OBJECT_CURE = 'Send an object from names to values, such as {"plan":"pro"}.';
const SET_CURE = `$set needs properties.$set or properties.$set_once. ${OBJECT_CURE}`;

/**
 * Returns the first error in the user properties of `$identify` and `$set`; undefined if there is none, and for all other
 * events. null counts as absent. Call it after the depth was checked: serializing thousands of nested brackets fails.
 */
export function findUserPropertyError(eventName: string, properties: unknown): ReservedError | undefined {
  if (eventName !== '$identify' && eventName !== '$set') return undefined;
  const { $set, $set_once }: { $set?: unknown; $set_once?: unknown } = properties ?? {};
  const error =
    findValuesError('properties.$set', $set) ?? findValuesError('properties.$set_once', $set_once);
  if (error !== undefined || eventName === '$identify') return error;
  return $set || $set_once ? undefined : { field: 'properties.$set', message: SET_CURE };
}

function findValuesError(field: string, values: unknown): ReservedError | undefined {
  if (values === undefined || values === null) return undefined;
  if (typeof values !== 'object' || Array.isArray(values)) return { field, message: OBJECT_CURE };
  const entries = Object.entries(values);
  if (entries.length > USER_PROPERTIES_MAX)
    return { field, message: `Send at most ${USER_PROPERTIES_MAX} names.` };
  for (const [name, value] of entries) {
    if (name === '' || [...name.slice(0, 2 * NAME_CHARACTERS_MAX + 1)].length > NAME_CHARACTERS_MAX)
      return { field, message: `Send names of 1 to ${NAME_CHARACTERS_MAX} characters.` };
    if (Buffer.byteLength(JSON.stringify(value)) > VALUE_BYTES_MAX)
      return {
        field: `${field}.${name}`,
        message: `Send at most ${VALUE_BYTES_MAX} bytes of JSON per value.`,
      };
  }
  return undefined;
}
