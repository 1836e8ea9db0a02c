import type { Clock } from '../lib/clock.ts';
import { DAY_MS } from '../lib/durations.ts';
import { newUlid } from '../lib/id.ts';
import type { Control, ControlTransaction } from './control.ts';
import { whenFree } from './open-sqlite.ts';

/** What to do with counts once it is certain whether they are in the database. */
export type Outcomes = { onSaved: () => void; onUndone: () => void };

/** Writes that add counts, so that none may be written twice. */
export type MarkedWrites = {
  /**
   * Runs `work` in a transaction. Calls `onSaved` after the commit, or `onUndone` if nothing was written; if only the
   * answer to COMMIT was lost, one of them later, in the next `run` or `settle`. Not to be called again before it resolves.
   */
  run: (work: (tx: ControlTransaction) => Promise<void>, outcomes: Outcomes) => Promise<void>;
  /** Finds out whether the last write was committed, if that is unknown. Rejects with StorageError if it still is. */
  settle: () => Promise<void>;
  /** Deletes the mark. If that fails, it is deleted after 90 days. */
  close: () => Promise<void>;
};

/** Marks of processes that were killed remain. After that long, nothing waits for its outcome any more. */
const KEPT_MS = 90 * DAY_MS;

type Writer = { db: Control['db']; clock: Clock; name: string };

/**
 * Returns a writer with its own row in `flush_marks`. Where answers can be lost, each of its transactions also stores a random ID
 * in that row: if the ID is there after a lost answer, the transaction was committed.
 */
export function createMarkedWrites(
  { db, losesAnswers }: Pick<Control, 'db' | 'losesAnswers'>,
  clock: Clock,
): MarkedWrites {
  const writer: Writer = { db, clock, name: newUlid() };
  let unknown: ({ flush: string } & Outcomes) | undefined;
  let isMarked = false;

  async function settle(): Promise<void> {
    if (unknown === undefined) return;
    const { flush, onSaved, onUndone } = unknown;
    const last = await readMark(writer);
    unknown = undefined;
    if (last === flush) onSaved();
    else onUndone();
  }

  return {
    async run(work, outcomes) {
      await settle();
      const flush = newUlid();
      let isComplete = false;
      try {
        await db.transaction().execute(async (tx) => {
          await work(tx);
          if (!losesAnswers) return;
          await writeMark(tx, writer, flush);
          isComplete = isMarked = true;
        });
      } catch (error) {
        // Before that, COMMIT was not sent. In SQLite, a COMMIT that fails is rolled back.
        if (isComplete) unknown = { flush, ...outcomes };
        else outcomes.onUndone();
        throw error;
      }
      outcomes.onSaved();
    },
    settle,
    async close() {
      if (!isMarked) return;
      const deletion = db.deleteFrom('flush_marks').where('writer', '=', writer.name).execute();
      await deletion.catch(() => undefined);
    },
  };
}

async function writeMark(tx: ControlTransaction, { clock, name }: Writer, flush: string): Promise<void> {
  const mark = { flush, at: clock.now() };
  await tx
    .insertInto('flush_marks')
    .values({ writer: name, ...mark })
    .onConflict((conflict) => conflict.column('writer').doUpdateSet(mark))
    .execute();
}

/**
 * Returns the last write of a writer. Writes the row, because PostgreSQL may still be working on the COMMIT of a lost
 * connection: its lock makes this wait for the outcome, whereas a read would not see it yet.
 */
async function readMark({ db, clock, name }: Writer): Promise<string> {
  const { flush } = await db
    .insertInto('flush_marks')
    .values({ writer: name, flush: '', at: clock.now() })
    .onConflict((conflict) => conflict.column('writer').doUpdateSet({ at: clock.now() }))
    .returning('flush')
    .executeTakeFirstOrThrow();
  return flush;
}

/** Deletes the marks of processes that were killed. Rejects with StorageError. */
export async function pruneMarks({ db }: Pick<Control, 'db'>, now: number): Promise<void> {
  const old = db.deleteFrom('flush_marks').where('at', '<', now - KEPT_MS);
  await whenFree(() => old.execute());
}
