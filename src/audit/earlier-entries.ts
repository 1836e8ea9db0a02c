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

/**
 * Returns the earlier entries of a chain that is verified with `keys`, by their IDs. `isSealed` says whether a seal of the chain's end was
 * computed with one of them. Rejects with StorageError.
 */
export async function createEarlierEntries(
  db: Control['db'],
  keys: ReadonlyMap<string, unknown>,
  isSealed: (end: { seq: number; mac: string; seal: string }) => boolean,
): Promise<EarlierEntries> {
  const reset = await db
    .selectFrom('audit_log')
    .select(({ fn }) => fn.max('seq').as('seq'))
    .where('action', '=', RESET_ACTION)
    .executeTakeFirst();
  const resetSeq = Number(reset?.seq ?? 0);
  const digest = createEntryDigest();
  let unverifiable = 0;
  let last: Row | undefined;
  // The last reset entry is signed with the current secret, so it can't be forged.
  const isUnverifiable = (row: Row) => Number(row.seq) < resetSeq && !keys.has(row.pepper_id);
  /** Whether the end was sealed can be seen only if the secret of the last entry was found again. */
  function findFlaw(row: Row): string | undefined {
    if (changeIn(row, 'digest')[1] !== digest.read())
      return 'a row before it was changed after the secret was reset';
    if (last === undefined || !keys.has(last.pepper_id)) return undefined;
    const end = { seq: Number(last.seq), mac: last.mac, seal: String(changeIn(row, 'seal')[0]) };
    return isSealed(end) ? undefined : 'rows before it were removed before the secret was reset';
  }

  return {
    isUnverifiable,
    add(row) {
      if (Number(row.seq) > resetSeq) return undefined;
      const flaw = row.action === RESET_ACTION ? findFlaw(row) : undefined;
      digest.add(row);
      last = row;
      if (isUnverifiable(row)) unverifiable += 1;
      return flaw;
    },
    count: () => unverifiable,
  };
}

function changeIn({ diff }: Row, name: string): readonly unknown[] {
  const change = diff === null ? undefined : decodeDiff(diff).diff[name];
  return Array.isArray(change) ? change : [];
}
