import { type TSchema, Type } from 'typebox';
import { findIndexFrom, type Rows } from '../directory/find-index.ts';
import { closedObject, nullable } from '../lib/schema.ts';
import { validationFailed } from './errors.ts';

const LIMIT_MAX = 200;
const LIMIT_DEFAULT = 50;

/** The query parameters of every paged list. */
export const LIST_QUERY = {
  limit: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: LIMIT_MAX,
      description: `Rows per page (default ${LIMIT_DEFAULT}).`,
    }),
  ),
  cursor: Type.Optional(
    Type.String({ minLength: 1, maxLength: 1_000, description: 'The `next_cursor` of the previous page.' }),
  ),
};

/** The values in a cursor: where in the list's order the next page starts. */
type Position = (string | number)[];

/** Returns the schema of a page of `item`. */
export function pageOf<T extends TSchema>(item: T) {
  return closedObject({
    data: Type.Array(item),
    next_cursor: nullable(Type.String(), {
      description: 'Send it as `cursor` to get the next page; null on the last page.',
    }),
  });
}

/** Returns the opaque cursor for a position. */
export function encodeCursor(position: Readonly<Position>): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url');
}

/** Returns the position in a cursor; undefined without a cursor. Throws 422 for anything `encodeCursor` did not create. */
export function decodeCursor<T extends Position>(
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
      message: 'cursor must be the next_cursor of an earlier response.',
    },
  ]);
}

/** Returns the position that `encodeCursor` encoded; undefined when the text is anything else. */
export function readPosition<T extends Position>(
  text: string,
  isPosition: (value: unknown) => value is T,
): T | undefined {
  try {
    const position: unknown = JSON.parse(Buffer.from(text, 'base64url').toString());
    return isPosition(position) && position.every(isComparable) ? position : undefined;
  } catch {
    return undefined;
  }
}

/** PostgreSQL refuses to compare with U+0000. */
const isComparable = (value: string | number) => typeof value === 'number' || !value.includes('\0');

/** Returns the first `limit` rows and the cursor after them; null unless `rows` has at least one more. */
export function toPage<T>(
  rows: readonly T[],
  limit: number,
  positionOf: (row: T) => Readonly<Position>,
): { page: T[]; next_cursor: string | null } {
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return { page, next_cursor: last && rows.length > limit ? encodeCursor(positionOf(last)) : null };
}

const isIdPosition = (value: unknown): value is [string] =>
  Array.isArray(value) && value.length === 1 && typeof value[0] === 'string';

/**
 * Returns the requested page of the rows that match, newest id first. `rows` must be in the order of ids, as the directory
 * lists them: a page costs as much as the rows it goes past, not as much as the list.
 */
export function pageById<T extends { id: string }>(
  rows: Rows<T>,
  query: { limit?: number; cursor?: string },
  matches: (row: T) => boolean,
): { page: T[]; next_cursor: string | null } {
  const [before] = decodeCursor(query.cursor, isIdPosition) ?? [];
  const limit = limitOf(query);
  const found: T[] = [];
  const end = before === undefined ? rows.length : findIndexFrom(rows, before);
  for (let index = end - 1; index >= 0 && found.length <= limit; index -= 1) {
    const row = rows.at(index);
    if (row && matches(row)) found.push(row);
  }
  return toPage(found, limit, ({ id }) => [id]);
}

/** Returns how many rows a page has. */
export function limitOf(query: { limit?: number }): number {
  return query.limit ?? LIMIT_DEFAULT;
}

/** Returns the schema of a list that always comes complete, because it is short. */
export const unpagedListOf = <T extends TSchema>(item: T) =>
  closedObject({ data: Type.Array(item), next_cursor: Type.Null() });

/** Returns the items as an unpaged list. */
export const toUnpagedList = <T>(data: T[]) => ({ data, next_cursor: null });
