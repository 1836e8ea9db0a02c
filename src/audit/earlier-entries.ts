import { createHash } from 'node:crypto';
import type { Selectable } from 'kysely';
import type { Control } from '../control/control.ts';
import type { AuditTable } from '../control/schema.ts';
import { decodeDiff } from './diff.ts';
import { columnsOf } from './row-columns.ts';

/** The action of the entry that says that the secret was lost. Its diff has a digest of all entries before it. */
export const RESET_ACTION = 'secret.reset';

type Row = Selectable<AuditTable>;

/** A digest of entries, which needs no secret. */
export type EntryDigest = { add: (row: Row) => void; read: () => string };

/** Returns the digest of no entries yet: SHA-256 over all columns of each, base64url. */
export function createEntryDigest(): EntryDigest {
  const hash = createHash('sha256');
  return {
    add: (row) => hash.update(`${JSON.stringify([...columnsOf(row), row.mac])}\n`),
    read: () => hash.copy().digest('base64url'),
  };
}

/** The entries that were signed with a lost secret, while a chain is verified. */
export type EarlierEntries = {
  /** Whether the secret that an entry was signed with is not configured, and was reset later. */
  isUnverifiable: (row: Row) => boolean;
  /** Counts the next entry. Returns what is wrong if it is a reset and the entries before it have changed since. */
  add: (row: Row) => string | undefined;
  /** How many were unverifiable. */
  count: () => number;
};

/** Returns the earlier entries of a chain that is verified with `keys`, by their IDs. Rejects with StorageError. */
export async function createEarlierEntries(
  db: Control['db'],
  keys: ReadonlyMap<string, unknown>,
): Promise<EarlierEntries> {
  const last = await db
    .selectFrom('audit_log')
    .select(({ fn }) => fn.max('seq').as('seq'))
    .where('action', '=', RESET_ACTION)
    .executeTakeFirst();
  const resetSeq = Number(last?.seq ?? 0);
  const digest = createEntryDigest();
  let unverifiable = 0;
  // The last reset is verified itself, so none can be added without the secret.
  const isUnverifiable = (row: Row) => Number(row.seq) < resetSeq && !keys.has(row.pepper_id);
  return {
    isUnverifiable,
    add(row) {
      if (Number(row.seq) > resetSeq) return undefined;
      const isIntact = row.action !== RESET_ACTION || digestIn(row) === digest.read();
      digest.add(row);
      if (isUnverifiable(row)) unverifiable += 1;
      return isIntact ? undefined : 'a row before it was changed after the secret was reset';
    },
    count: () => unverifiable,
  };
}

function digestIn({ diff }: Row): unknown {
  const change = diff === null ? undefined : decodeDiff(diff).diff.digest;
  return Array.isArray(change) ? change[1] : undefined;
}
