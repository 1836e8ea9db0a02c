/** The fields of an event that its size depends on; the others are short once they are valid. */
type MeasuredEvent = {
  readonly app_id?: unknown;
  readonly timestamp?: unknown;
  readonly properties?: unknown;
};

const EVENT_BYTES_MAX = 32_768;
const UNESCAPED_ASCII = /^[ !#-[\]-~]*$/;

// The most bytes that the fields other than properties take once each is valid and app_id and timestamp have at most
// 64 characters: 8,400 bytes with every character escaped as \u00XX, plus the names of the keys.
const OTHER_FIELDS_BYTES_MAX = 9_216;

/**
 * Whether the event's JSON without spaces exceeds 32,768 bytes of UTF-8. Exact, but skips measuring an event whose
 * properties leave room for the longest other fields, which is nearly every one.
 */
export function isTooLarge(event: MeasuredEvent, propertiesBytes: number, hasUnknownKeys: boolean): boolean {
  if (propertiesBytes > EVENT_BYTES_MAX) return true;
  const isBounded = !hasUnknownKeys && !isLongText(event.timestamp) && !isLongText(event.app_id);
  if (isBounded && propertiesBytes + OTHER_FIELDS_BYTES_MAX <= EVENT_BYTES_MAX) return false;
  if (typeof event.properties !== 'object' || event.properties === null)
    return isJsonLongerThan(event, EVENT_BYTES_MAX);
  // An empty string takes two bytes; the properties are measured already, with all digits of their numbers.
  return isJsonLongerThan({ ...event, properties: '' }, EVENT_BYTES_MAX - propertiesBytes + 2);
}

function isLongText(value: unknown): boolean {
  return typeof value === 'string' && value.length > 64;
}

/** Iterates instead of recursing: JSON.stringify overflows the stack at about 5,000 nested brackets. */
function isJsonLongerThan(root: unknown, bytesMax: number): boolean {
  const pending: unknown[] = [root];
  let bytes = 0;
  while (pending.length > 0 && bytes <= bytesMax) {
    const value = pending.pop();
    if (typeof value !== 'object' || value === null) {
      bytes += leafBytes(value);
      continue;
    }
    const entries: unknown[] = Object.values(value);
    // Two brackets and a comma between entries; a key is a string and a colon.
    bytes += 2 + Math.max(0, entries.length - 1);
    if (!Array.isArray(value)) for (const key of Object.keys(value)) bytes += leafBytes(key) + 1;
    for (const entry of entries) pending.push(entry);
  }
  return bytes > bytesMax;
}

function leafBytes(value: unknown): number {
  // A string without escapes takes its length plus two quotes; testing is faster than serializing it.
  if (typeof value === 'string' && UNESCAPED_ASCII.test(value)) return value.length + 2;
  return Buffer.byteLength(JSON.stringify(value));
}
