import type { Selectable } from 'kysely';
import type { ApiKeyTable } from '../control/schema.ts';
import { type SharedFields, toSharedFields } from './records.ts';

type KeyRow = Selectable<ApiKeyTable>;

/** The fields that several keys have in common, and how many keys. */
type SharedEntry = { readonly text: string; readonly fields: SharedFields; uses: number };

/** One entry, with a number, for all keys with the same project, type, creator, permissions, restrictions and limits. */
export type SharedTable = {
  /** Returns the number of the entry with the fields of a row, used once more. */
  take: (row: KeyRow) => number;
  /** Uses an entry once less. It is forgotten when no key uses it. */
  release: (number: number) => void;
  /** Returns the fields of an entry in use. */
  fieldsOf: (number: number) => SharedFields;
};

/** Returns an empty table. */
export function createSharedTable(): SharedTable {
  const numbers = new Map<string, number>();
  const entries: (SharedEntry | undefined)[] = [];
  const free: number[] = [];

  function getEntry(number: number): SharedEntry {
    const entry = entries[number];
    if (entry === undefined) throw new Error(`No key has the shared fields ${number}.`);
    return entry;
  }

  return {
    take(row) {
      const text = textOf(row);
      const known = numbers.get(text);
      if (known !== undefined) {
        getEntry(known).uses += 1;
        return known;
      }
      const number = free.pop() ?? entries.length;
      entries[number] = { text, fields: toSharedFields(row), uses: 1 };
      numbers.set(text, number);
      return number;
    },
    release(number) {
      const entry = getEntry(number);
      entry.uses -= 1;
      if (entry.uses > 0) return;
      numbers.delete(entry.text);
      entries[number] = undefined;
      free.push(number);
    },
    fieldsOf: (number) => getEntry(number).fields,
  };
}

/** All columns that `toSharedFields` reads. */
const textOf = (row: KeyRow) =>
  JSON.stringify([
    row.project_id,
    row.type,
    row.scopes,
    row.app_ids,
    row.ip_allowlist,
    row.allowed_origins,
    row.bundle_ids,
    row.allowed_sdks,
    row.rate_limits,
    row.created_by,
  ]);
