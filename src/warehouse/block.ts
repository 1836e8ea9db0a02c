import type { Append } from './append-queue.ts';
import type { EventRow } from './event-row.ts';
import { eventKey } from './id-filter.ts';
import type { EncodedRows } from './rows/encode-rows.ts';

/** A row of an append whose key may be a repeat: of a stored event, or of a row before it. */
export type Suspect = { row: EventRow; key: string; hash: number; append: number; index: number };

/** Appends that are stored together. */
export type Block = {
  appends: readonly Append[];
  /** Every row whose hash is that of a possible repeat, in order. */
  suspects: Suspect[];
};

/** Returns appends as one block. `mayBeStored` says whether a key with this hash may be stored already. */
export function formBlock(appends: readonly Append[], mayBeStored: (hash: number) => boolean): Block {
  const suspected = new Set<number>();
  const before = new Set<number>();
  for (const { hashes } of appends) {
    for (const hash of hashes) {
      const { size } = before;
      if (before.add(hash).size === size || mayBeStored(hash)) suspected.add(hash);
    }
  }
  // Keys are strings: only those that are compared are built.
  return { appends, suspects: suspected.size === 0 ? [] : listSuspects(appends, suspected) };
}

function listSuspects(appends: readonly Append[], suspected: ReadonlySet<number>): Suspect[] {
  return appends.flatMap(({ rows, hashes }, append) =>
    rows.flatMap((row, index) => {
      const hash = hashes[index] ?? 0;
      return suspected.has(hash) ? [{ row, key: eventKey(row), hash, append, index }] : [];
    }),
  );
}

/**
 * Returns the result of each append: `true` for each of its rows that this block stores, which is the first of its key
 * unless the key is in `stored`.
 */
export function listIsNew({ appends, suspects }: Block, stored: ReadonlySet<string>): boolean[][] {
  const isNew = appends.map(({ rows }) => new Array<boolean>(rows.length).fill(true));
  const seen = new Set(stored);
  for (const { key, append, index } of suspects) {
    const answer = isNew[append];
    if (answer && seen.has(key)) answer[index] = false;
    seen.add(key);
  }
  return isNew;
}

/** Some rows, in bytes that end where `ends` says, with the hashes of their keys. */
export type SelectedRows = { rows: EventRow[]; hashes: number[]; parts: Buffer[]; ends: number[] };

/** Returns the rows to store, by what `listIsNew` returned. */
export function selectNewRows({ appends }: Block, isNew: readonly boolean[][]): SelectedRows {
  const selected: SelectedRows = { rows: [], hashes: [], parts: [], ends: [] };
  let end = 0;
  for (const [place, { rows, hashes, encoded }] of appends.entries()) {
    const { bytes, ends } = encoded;
    for (const [index, row] of rows.entries()) {
      if (!isNew[place]?.[index]) continue;
      end += (ends[index] ?? 0) - (ends[index - 1] ?? 0);
      selected.rows.push(row);
      selected.hashes.push(hashes[index] ?? 0);
      selected.ends.push(end);
    }
    selected.parts.push(...selectBytes(bytes, ends, isNew[place] ?? []));
  }
  return selected;
}

function selectBytes(bytes: Buffer, ends: EncodedRows['ends'], isNew: readonly boolean[]): Buffer[] {
  if (!isNew.includes(false)) return [bytes];
  return isNew.flatMap((isOne, index) => (isOne ? [bytes.subarray(ends[index - 1] ?? 0, ends[index])] : []));
}
