import { parseKeepingDigits } from '../../../lib/exact-json.ts';
import { type Fields, toFields } from '../../../sdk/mapping/event-parts.ts';

/** Returns an object that may be JSON text, as in a column of CSV; an empty one if it is anything else. */
export function parseColumn(value: unknown): Fields {
  if (typeof value !== 'string') return toFields(value);
  try {
    return toFields(parseKeepingDigits(value));
  } catch {
    return {};
  }
}
