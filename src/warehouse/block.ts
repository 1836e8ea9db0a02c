import type { Append } from './append-queue.ts';
import type { EventRow } from './event-row.ts';

/** The rows of several appends, each distinct key once. */
export type Block = {
  /** First occurrence of each key: where to find its row. */
  firsts: Map<string, { append: number; row: number }>;
  appends: Append[];
};

/** Returns the appends as one block in which the first row of each key wins. */
export function formBlock(appends: Append[]): Block {
  const firsts: Block['firsts'] = new Map();
  for (const [index, { keys }] of appends.entries()) {
    for (const [row, key] of keys.entries()) if (!firsts.has(key)) firsts.set(key, { append: index, row });
  }
  return { firsts, appends };
}

/** Some rows, each with its dedupe key and its line (see `encodeRow`). */
export type SelectedRows = { rows: EventRow[]; keys: string[]; lines: string[] };

/** Returns the rows to store: the first rows whose key is not in `stored`. */
export function selectNewRows(block: Block, stored: ReadonlySet<string>): SelectedRows {
  const selected: SelectedRows = { rows: [], keys: [], lines: [] };
  for (const [key, { append, row }] of block.firsts) {
    const event = block.appends[append]?.rows[row];
    const line = block.appends[append]?.lines[row];
    if (event === undefined || line === undefined || stored.has(key)) continue;
    selected.rows.push(event);
    selected.keys.push(key);
    selected.lines.push(line);
  }
  return selected;
}

/** Returns the result of each append: `true` for each of its rows that this block stores. */
export function listIsNew(block: Block, stored: ReadonlySet<string>): boolean[][] {
  return block.appends.map(({ keys }, index) =>
    keys.map((key, row) => {
      const first = block.firsts.get(key);
      return first?.append === index && first.row === row && !stored.has(key);
    }),
  );
}
