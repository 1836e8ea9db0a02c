import type { TObject, TSchema } from 'typebox';
import { ApiError } from '../../api/errors.ts';

const typeOf = (schema: TSchema | undefined) => (schema && 'type' in schema ? schema.type : undefined);

/** Converts the text of a parameter to the type in its schema; returns text that does not fit unchanged. */
function coerce(value: unknown, schema: TSchema | undefined): unknown {
  const type = typeOf(schema);
  if (type === 'array') return Array.isArray(value) ? value : [value];
  if (type === 'integer' && typeof value === 'string' && /^-?\d{1,15}$/.test(value)) return Number(value);
  if (type === 'boolean' && (value === 'true' || value === 'false')) return value === 'true';
  return value;
}

/** Throws 400 for invalid escapes: URLSearchParams reads `%ff` as a replacement character and `%zz` as text. */
function requireDecodable(search: string): void {
  try {
    decodeURIComponent(search);
  } catch {
    throw new ApiError('invalid_encoding', { detail: 'The query string is not percent-encoded UTF-8.' });
  }
}

const NO_PARAMETERS: Record<string, unknown> = Object.freeze(Object.create(null));

/** Returns the parameters of a query string, in the schema's types; repeated names become lists. Throws ApiError. */
export function parseQuery(search: string, schema: TObject): Record<string, unknown> {
  if (search === '') return NO_PARAMETERS;
  const query: Record<string, unknown> = Object.create(null);
  requireDecodable(search);
  const values = new Map<string, string[]>();
  // One pass: looking up every name again takes a second for the thousands of names that fit into a URL.
  for (const [name, text] of new URLSearchParams(search)) {
    const all = values.get(name);
    if (all) all.push(text);
    else values.set(name, [text]);
  }
  for (const [name, all] of values) {
    query[name] = coerce(all.length === 1 ? all[0] : all, schema.properties[name]);
  }
  return query;
}
