import { type TSchema, Type } from 'typebox';
import { closedObject, nullable } from '../lib/schema.ts';
import { validationFailed } from './errors.ts';

const LIMIT_MAX = 200;
const LIMIT_DEFAULT = 50;

/** The query parameters every list takes. */
export const LIST_QUERY = {
  limit: Type.Optional(
    Type.Integer({ minimum: 1, maximum: LIMIT_MAX, description: `Rows a page, default ${LIMIT_DEFAULT}.` }),
  ),
  cursor: Type.Optional(
    Type.String({ minLength: 1, maxLength: 1_000, description: 'next_cursor of the page before.' }),
  ),
};

/** Returns the schema of a page of `item`. */
export function pageOf<T extends TSchema>(item: T) {
  return closedObject({ data: Type.Array(item), next_cursor: nullable(Type.String()) });
}

/** Returns the opaque cursor that holds these values. */
export function encodeCursor(position: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url');
}

/** Returns the values a cursor holds; undefined without a cursor. Throws 422 when it is not one of ours. */
export function decodeCursor<T extends (string | number)[]>(
  cursor: string | undefined,
  isPosition: (value: unknown) => value is T,
): T | undefined {
  if (cursor === undefined) return undefined;
  const position = readPosition(cursor, isPosition);
  if (position) return position;
  throw validationFailed([
    {
      field: 'cursor',
      code: 'invalid_cursor',
      message: 'cursor must be the next_cursor of an earlier answer.',
    },
  ]);
}

/** Returns the values of what `encodeCursor` made; undefined when the text is not that, or not of this kind. */
export function readPosition<T extends (string | number)[]>(
  text: string,
  isPosition: (value: unknown) => value is T,
): T | undefined {
  try {
    const position: unknown = JSON.parse(Buffer.from(text, 'base64url').toString());
    return isPosition(position) ? position : undefined;
  } catch {
    return undefined;
  }
}

const isIdPosition = (value: unknown): value is [string] =>
  Array.isArray(value) && value.length === 1 && typeof value[0] === 'string';

/** Returns the page of `rows`, newest id first, that `query` asks for. For lists that are held in memory. */
export function pageById<T extends { id: string }>(
  rows: readonly T[],
  query: { limit?: number; cursor?: string },
): { page: T[]; next_cursor: string | null } {
  const [before] = decodeCursor(query.cursor, isIdPosition) ?? [];
  const limit = query.limit ?? LIMIT_DEFAULT;
  const sorted = rows.toSorted((a, b) => (a.id < b.id ? 1 : -1));
  const from = before === undefined ? sorted : sorted.filter((row) => row.id < before);
  const page = from.slice(0, limit);
  const last = page.at(-1);
  return { page, next_cursor: last && from.length > limit ? encodeCursor([last.id]) : null };
}

/** Returns how many rows a page has. */
export function limitOf(query: { limit?: number }): number {
  return query.limit ?? LIMIT_DEFAULT;
}

/** Returns the schema of a list that is told whole: people are few, so there is no second page. */
export const unpagedListOf = <T extends TSchema>(item: T) =>
  closedObject({ data: Type.Array(item), next_cursor: Type.Null() });

/** Returns the items as the answer of such a list. */
export const toUnpagedList = <T>(data: T[]) => ({ data, next_cursor: null });
