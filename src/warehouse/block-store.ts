import { deriveMissing } from './derive.ts';
import type { Gateway } from './engine/gateway.ts';
import { type EventIdentity, eventKey } from './id-filter.ts';
import { insertEventsSql, insertIdsSql, insertUsersSql } from './insert-sql.ts';
import { mayBeDamage } from './integrity/damage-error.ts';
import { encodeBlock, type LoggedBlock } from './logged-block.ts';
import { insertPersons, type OnConflict } from './persons/insert-persons.ts';
import { decodeRows } from './rows/decode-rows.ts';
import type { WithRows } from './rows/row-source.ts';

/** The writer's statements. All reject with StorageError; after a rejected insert the outcome is unknown. */
export type BlockStore = {
  /** Returns the keys (see `eventKey`) of the given ids that are already stored, or were until they were deleted. */
  findStored(ids: readonly EventIdentity[]): Promise<Set<string>>;
  /** Inserts the rows of blocks, then what is derived from them. Resolves once all is on disk. */
  insertNew(blocks: readonly LoggedBlock[]): Promise<void>;
  /** Inserts those rows that are not stored yet, with what is derived from them. Call it after `repair`. */
  insertMissing(blocks: readonly LoggedBlock[]): Promise<void>;
  /**
   * Derives whatever may be missing and returns the highest stored block number. Of blocks below `from`, nothing is missing;
   * by default, below the highest one.
   */
  repair(from?: number): Promise<number>;
};

/** Ids in one look-up: a few megabytes of SQL. */
const LOOKUP_IDS = 10_000;

/** Where ids are looked up: in their table, or in the events that it is derived from, which takes much longer. */
type IdSource = 'event_ids' | 'events';

/** What the statements need. */
export type BlockStoreOptions = {
  /** Gives rows to statements. */
  withRows: WithRows;
  /** Called with the error of a look-up that fails because `event_ids` is damaged. */
  onFailure?: (error: unknown) => void;
  /** Called with each link that has no effect. */
  onConflict?: OnConflict | undefined;
  /** Returns the keys of deleted events that still count as stored. */
  findErased?: (ids: readonly EventIdentity[]) => Promise<Set<string>>;
};

/**
 * Returns the writer's statements. They fill the derived tables after the events, in parallel, instead of a materialized view on
 * `events`, which could commit an id before its event.
 */
export function createBlockStore(gateway: Gateway, options: BlockStoreOptions): BlockStore {
  const { withRows, onFailure, onConflict, findErased = async () => new Set() } = options;

  async function findIn(source: IdSource, ids: readonly EventIdentity[]): Promise<Set<string>> {
    const projects = [...new Set(ids.map((id) => id.project_id))];
    // Two lists instead of tuples may also match an id of another project, app or kind of key, but its key differs.
    const rows = await gateway.query<EventIdentity>(
      `SELECT project_id, app_id, verified, event_id FROM ${source}
      WHERE project_id IN {projects:Array(String)} AND event_id IN {ids:Array(String)}`,
      { projects, ids: ids.map((id) => id.event_id) },
    );
    return new Set(rows.map(eventKey));
  }

  async function findStored(ids: readonly EventIdentity[]): Promise<Set<string>> {
    const stored = await findIn('event_ids', ids).catch((error: unknown) => {
      if (!mayBeDamage(error)) throw error;
      onFailure?.(error);
      return findIn('events', ids);
    });
    // Afterwards: an ID is remembered as erased before it is deleted.
    return new Set([...stored, ...(await findErased(ids))]);
  }

  async function insert(blocks: readonly LoggedBlock[], token: string): Promise<void> {
    const personRows = blocks.flatMap((block) => block.personRows);
    const highest = blocks.reduce((last, { block }) => Math.max(last, block), 0);
    const parts = blocks.map(({ bytes }) => bytes);
    await withRows(parts, async (source) => {
      await gateway.command(insertEventsSql(source, token), source.body);
      await allSettled([
        gateway.command(insertIdsSql(source, token), source.body),
        gateway.command(insertUsersSql(source, token), source.body),
        insertPersons(gateway, personRows, highest).then((conflicts) => {
          for (const conflict of conflicts) onConflict?.(conflict);
        }),
      ]);
    });
  }

  return {
    findStored,
    insertNew: (blocks) => insert(blocks, tokenOf(blocks)),
    async insertMissing(blocks) {
      const missing = await selectMissing(blocks, findStored);
      // With the token of all of them: the first attempt may still succeed.
      if (missing.length > 0) await insert(missing, tokenOf(blocks));
    },
    repair: (from) => deriveMissing(gateway, from),
  };
}

const tokenOf = (blocks: readonly LoggedBlock[]) => `${blocks[0]?.block}-${blocks.at(-1)?.block}`;

/** Returns the rows of blocks that are not stored, the first one of each key, as blocks. */
async function selectMissing(
  blocks: readonly LoggedBlock[],
  findStored: BlockStore['findStored'],
): Promise<LoggedBlock[]> {
  const all = blocks.flatMap((block) =>
    decodeRows(block.bytes).rows.map((row) => ({ row, block: block.block, key: eventKey(row) })),
  );
  const missing: typeof all = [];
  const seen = new Set<string>();
  for (let from = 0; from < all.length; from += LOOKUP_IDS) {
    const some = all.slice(from, from + LOOKUP_IDS);
    const stored = await findStored(some.map(({ row }) => row));
    for (const one of some) {
      if (!stored.has(one.key) && !seen.has(one.key)) missing.push(one);
      seen.add(one.key);
    }
  }
  const byBlock = Map.groupBy(missing, ({ block }) => block);
  return [...byBlock].map(([block, ofBlock]) =>
    encodeBlock(
      block,
      ofBlock.map(({ row }) => row),
    ),
  );
}

/** Waits for all even when one fails, so that no statement is still running when the caller starts a repair. */
async function allSettled(statements: readonly Promise<void>[]): Promise<void> {
  for (const result of await Promise.allSettled(statements)) {
    if (result.status === 'rejected') throw result.reason;
  }
}
