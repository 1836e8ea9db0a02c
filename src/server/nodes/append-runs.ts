import { StorageError } from '../../lib/errors.ts';
import type { EventRow } from '../../warehouse/event-row.ts';
import type { Warehouse } from '../../warehouse/open.ts';

/**
 * What became of a row: new, a duplicate, refused because a queue is full (`b`), of an unknown outcome (`u`), or refused with all rows of
 * its request because one of them is of a person who was erased (`e`).
 */
export type RowAnswer = '0' | '1' | 'b' | 'u' | 'e';

/** Stores rows of several requests, each as one append, and returns a letter per row. Never rejects with StorageError. */
export async function appendRuns(
  { append }: Pick<Warehouse, 'append'>,
  runs: readonly EventRow[][],
  isErased: (row: EventRow) => boolean = () => false,
): Promise<string> {
  const appendRun = async (rows: EventRow[]): Promise<string> => {
    const all = (letter: RowAnswer) => letter.repeat(rows.length);
    // In the same turn as the append: an erasure waits for everything that was appended before its tombstone.
    if (rows.some(isErased)) return all('e');
    try {
      const stored = await append(rows);
      return stored.map((isNew): RowAnswer => (isNew ? '1' : '0')).join('');
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
      return all(error.reason === 'busy' ? 'b' : 'u');
    }
  };
  return (await Promise.all(runs.map(appendRun))).join('');
}

/** Returns rows as runs of the same project: the queue of the writer is fair between projects. */
export function splitByProject(rows: readonly EventRow[]): EventRow[][] {
  const runs: EventRow[][] = [];
  for (const row of rows) {
    const run = runs.at(-1);
    if (run?.[0]?.project_id === row.project_id) run.push(row);
    else runs.push([row]);
  }
  return runs;
}
