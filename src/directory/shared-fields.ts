import type { Selectable } from 'kysely';
import type { ApiKeyTable } from '../control/schema.ts';
import { type SharedFields, toSharedFields } from './records.ts';

type KeyRow = Selectable<ApiKeyTable>;

/** The fields that several keys have in common, and how many keys. */
export type SharedEntry = { readonly text: string; readonly fields: SharedFields; uses: number };

/** One entry for all keys with the same project, type, creator, permissions, restrictions and limits. */
export type SharedTable = {
  /** Returns the entry with the fields of a row, used once more. */
  take: (row: KeyRow) => SharedEntry;
  /** Uses an entry once less. It is forgotten when no key uses it. */
  release: (entry: SharedEntry) => void;
};

/** Returns an empty table. */
export function createSharedTable(): SharedTable {
  const entries = new Map<string, SharedEntry>();
  return {
    take(row) {
      const text = textOf(row);
      const known = entries.get(text);
      if (known !== undefined) {
        known.uses += 1;
        return known;
      }
      const entry = { text, fields: toSharedFields(row), uses: 1 };
      entries.set(text, entry);
      return entry;
    },
    release(entry) {
      entry.uses -= 1;
      if (entry.uses === 0) entries.delete(entry.text);
    },
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
    row.rate_limits,
    row.created_by,
  ]);
