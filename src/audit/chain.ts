import { createHmac, type KeyObject } from 'node:crypto';
import type { Selectable } from 'kysely';
import type { Control } from '../control/control.ts';
import type { AuditTable, ControlSchema } from '../control/schema.ts';
import { createEarlierEntries } from './earlier-entries.ts';
import { readEntries } from './read-entries.ts';
import { columnsOf } from './row-columns.ts';

/** A key of the chain and its id, so that rows written with an old APPFLOW_SECRET can still be verified. */
export type AuditKey = { id: string; key: KeyObject };

type SealedEnd = Omit<Selectable<ControlSchema['audit_head']>, 'id'>;

/** Returns the seal of the chain's end: HMAC-SHA-256 with a label, so that no row's own HMAC can be used as one. */
export function sealOf({ seq, mac }: ChainEnd, key: KeyObject): string {
  return createHmac('sha256', key)
    .update(JSON.stringify(['head', seq, mac]))
    .digest('base64url');
}

/** Whether the seal of the chain's end was computed with one of these keys. */
export function isSealed(head: SealedEnd, keys: readonly AuditKey[]): boolean {
  const end = { seq: Number(head.seq), mac: head.mac };
  // Before the first entry there is nothing to seal.
  if (end.seq === 0 && head.seal === '') return true;
  return keys.some(({ key }) => sealOf(end, key) === head.seal);
}

type UnsignedRow = Omit<Selectable<AuditTable>, 'mac'>;

/**
 * Returns a row's HMAC-SHA-256 over all its columns in a fixed order and the HMAC of the previous row. The label says
 * that a release that seals the end of the chain wrote the row, so a chain with such a row is never sealed later.
 */
export function chainMac(row: UnsignedRow, previousMac: string, key: KeyObject): string {
  return macOfColumns(['sealed', ...columnsOf(row), previousMac], key);
}

/** Returns whether a release that did not seal the chain wrote this row. */
export function isFromUnsealedRelease(
  { mac, ...row }: Selectable<AuditTable>,
  previousMac: string,
  key: KeyObject,
): boolean {
  return macOfColumns([...columnsOf(row), previousMac], key) === mac;
}

const macOfColumns = (columns: readonly unknown[], key: KeyObject): string =>
  createHmac('sha256', key).update(JSON.stringify(columns)).digest('base64url');

/**
 * The result of `verifyChain`: how many rows are intact, and where and how the chain is broken, if it is. `unverifiable` rows were signed with
 * a secret that was lost; since it was reset, they have not changed.
 */
export type ChainVerdict =
  | { ok: true; rows: number; unverifiable: number }
  | { ok: false; rows: number; seq: number; reason: string };

/**
 * Verifies the whole chain. Detects an edited row, a removed row, a truncated log and an emptied log; none of that can be
 * hidden with access to the database but not to `APPFLOW_SECRET`. What the database alone cannot show is that all of it
 * was restored to an earlier state: pass `knownEnd`, an end of the chain from an older log line, which must still be part
 * of it. `keys` are the current key and those of retired secrets.
 */
export async function verifyChain(
  { db }: Pick<Control, 'db'>,
  keys: readonly AuditKey[],
  knownEnd?: ChainEnd,
): Promise<ChainVerdict> {
  const byId = new Map(keys.map(({ id, key }) => [id, key]));
  // Read before the rows: what a running server appends meanwhile comes after it and does not break the chain.
  const head = await db.selectFrom('audit_head').select(['seq', 'mac', 'seal']).executeTakeFirst();
  if (!head) return { ok: false, rows: 0, seq: 0, reason: 'the end of the chain was removed' };
  const ends = listEnds(head, knownEnd);
  const earlier = await createEarlierEntries(db, byId, (end) => isSealed(end, keys));
  let [seq, previousMac] = [0, ''];
  for await (const row of readEntries(db)) {
    const reason = earlier.isUnverifiable(row)
      ? findGap(row, seq)
      : findBreak(row, seq, previousMac, byId.get(row.pepper_id));
    const flaw = reason ?? findMismatch(row, ends) ?? earlier.add(row);
    if (flaw) return { ok: false, rows: seq, seq: Number(row.seq), reason: flaw };
    [seq, previousMac] = [Number(row.seq), row.mac];
  }
  const flaw = findMissingEnd(ends, seq) ?? (await findTruncation(db, head, keys));
  return flaw ? { ok: false, rows: seq, ...flaw } : { ok: true, rows: seq, unverifiable: earlier.count() };
}

function listEnds(head: SealedEnd, knownEnd: ChainEnd | undefined): readonly ChainEnd[] {
  const stored = { seq: Number(head.seq), mac: head.mac };
  return knownEnd ? [stored, knownEnd] : [stored];
}

type ChainDefect = { seq: number; reason: string };

function findMissingEnd(ends: readonly ChainEnd[], lastSeq: number): ChainDefect | undefined {
  const missing = ends.find(({ seq }) => seq > lastSeq);
  return missing && { seq: missing.seq, reason: 'rows are missing at the end' };
}

/** Returns the defect of a log that was truncated although its end matches its last row. */
async function findTruncation(
  db: Control['db'],
  head: SealedEnd,
  keys: readonly AuditKey[],
): Promise<ChainDefect | undefined> {
  if (!isSealed(head, keys)) return { seq: Number(head.seq), reason: 'rows after it were removed' };
  return (await lacksCreationEntry(db)) ? { seq: 1, reason: 'rows before it were removed' } : undefined;
}

/** Whether the log lacks the entry that a project was created: then it was emptied, whatever its end says. */
async function lacksCreationEntry(db: Control['db']): Promise<boolean> {
  const missing = await db
    .selectFrom('projects')
    .select('id')
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('audit_log')
            .select('seq')
            .whereRef('audit_log.project_id', '=', 'projects.id')
            .where('action', '=', 'project.created'),
        ),
      ),
    )
    .limit(1)
    .executeTakeFirst();
  return missing !== undefined;
}

/** The last row of the chain at some time: its position and its HMAC. */
export type ChainEnd = { seq: number; mac: string };

function findMismatch(row: Selectable<AuditTable>, ends: readonly ChainEnd[]): string | undefined {
  const other = ends.some(({ seq, mac }) => seq === Number(row.seq) && mac !== row.mac);
  return other ? 'it is another row than was once noted here' : undefined;
}

function findGap(row: Selectable<AuditTable>, lastSeq: number): string | undefined {
  return Number(row.seq) === lastSeq + 1 ? undefined : 'a row was removed before this one';
}

function findBreak(
  row: Selectable<AuditTable>,
  lastSeq: number,
  previousMac: string,
  key: KeyObject | undefined,
): string | undefined {
  const gap = findGap(row, lastSeq);
  if (gap !== undefined) return gap;
  if (!key) return 'it was made under a secret that is not configured (APPFLOW_SECRET_RETIRED)';
  const { mac, ...unsigned } = row;
  const isIntact =
    chainMac(unsigned, previousMac, key) === mac || isFromUnsealedRelease(row, previousMac, key);
  return isIntact ? undefined : 'it, or the row before, was changed';
}
