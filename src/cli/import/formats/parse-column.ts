import { messageOf } from '../../../lib/errors.ts';
import { parseKeepingDigits } from '../../../lib/exact-json.ts';
import { type Fields, toFields } from '../../../sdk/mapping/event-parts.ts';

/** Returns a column with an object, which is JSON text in CSV; an empty object if there is none. Throws if the text is not JSON. */
export function parseColumn(row: Fields, name: string): Fields {
  const value = row[name];
  if (typeof value !== 'string') return toFields(value);
  if (value === '') return {};
  try {
    return toFields(parseKeepingDigits(value));
  } catch (error) {
    throw new Error(`${name} is not JSON: ${messageOf(error)}`, { cause: error });
  }
}
