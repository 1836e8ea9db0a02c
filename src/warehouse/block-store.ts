import { deriveMissing } from './derive.ts';
import type { Gateway } from './engine/gateway.ts';
import { toTsvLine } from './engine/tsv.ts';
import { EVENT_COLUMNS } from './event-columns.ts';
import type { EventRow } from './event-row.ts';
import { type EventIdentity, eventKey } from './id-filter.ts';
import { mayBeDamage } from './integrity/damage-error.ts';
import type { LoggedBlock } from './logged-block.ts';
import { insertPersons, type OnConflict } from './persons/insert-persons.ts';
import { listSeenUsers } from './seen-users.ts';

/** The writer's statements. All reject with StorageError; after a rejected insert the outcome is unknown. */
export type BlockStore = {
  /** Returns the keys (see `eventKey`) of the given ids that are already stored, or were until they were deleted. */
  findStored(ids: readonly EventIdentity[]): Promise<Set<string>>;
  /** Inserts rows, as the text of their blocks (see `joinLines`). Resolves once they are on disk. */
  insertEvents(texts: readonly string[]): Promise<void>;
  /**
   * Inserts what is derived from rows that are already on disk: their ids, users and persons. `blocks` has the block of each
   * row.
   */
  insertDerived(rows: readonly EventRow[], blocks: readonly number[]): Promise<void>;
  /** Inserts those rows that are not stored yet, with what is derived from them. Call it after `repair`. */
  insertMissing(blocks: readonly LoggedBlock[]): Promise<void>;
  /**
   * Derives whatever may be missing and returns the highest stored block number. Of blocks below `from`, nothing is missing;
   * by default, below the highest one.
   */
  repair(from?: number): Promise<number>;
};

const INSERT_EVENTS_SQL = `INSERT INTO events (${EVENT_COLUMNS.join(', ')}, block) FORMAT JSONCompactEachRow\n`;
const INSERT_IDS_SQL =
  'INSERT INTO event_ids (project_id, event_id, app_id, verified, block) FORMAT TabSeparated\n';
const INSERT_USERS_SQL = `INSERT INTO users (project_id, app_id, app_user_id, first_seen, last_seen)
FORMAT TabSeparated\n`;
/** Ids in one look-up: a few megabytes of SQL. */
const LOOKUP_IDS = 10_000;

/** Where ids are looked up: in their table, or in the events that it is derived from, which takes much longer. */
type IdSource = 'event_ids' | 'events';

/**
 * Returns the writer's statements. `onFailure` is called with what a look-up in a damaged `event_ids` fails with, `onConflict`
 * with each link that has no effect; `findErased` returns the keys of those that were deleted and still count as stored. The
 * derived tables are filled by our own statements, after the events and in parallel: a materialized view on `events` could
 * commit an id before its event.
 */
export function createBlockStore(
  gateway: Gateway,
  onFailure: (error: unknown) => void = () => {},
  onConflict: OnConflict = () => {},
  findErased: (ids: readonly EventIdentity[]) => Promise<Set<string>> = async () => new Set(),
): BlockStore {
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
      onFailure(error);
      return findIn('events', ids);
    });
    // Afterwards: an ID is remembered as erased before it is deleted.
    return new Set([...stored, ...(await findErased(ids))]);
  }

  const store: BlockStore = {
    findStored,
    async insertEvents(texts) {
      await gateway.command(INSERT_EVENTS_SQL + texts.join('\n'));
    },
    async insertDerived(rows, blocks) {
      const ids = rows.map(({ project_id, event_id, app_id, verified }, index) =>
        toTsvLine([project_id, event_id, app_id, verified, blocks[index] ?? 0]),
      );
      const users = listSeenUsers(rows).map(toTsvLine);
      const block = blocks.reduce((highest, one) => Math.max(highest, one), 0);
      await allSettled([
        gateway.command(INSERT_IDS_SQL + ids.join('\n')),
        // Events that no metric counts make no user seen, and the engine rejects an insert of nothing.
        ...(users.length === 0 ? [] : [gateway.command(INSERT_USERS_SQL + users.join('\n'))]),
        insertPersons(gateway, rows, block).then((conflicts) => conflicts.forEach(onConflict)),
      ]);
    },
    async insertMissing(blocks) {
      const missing = await selectMissing(blocks, findStored);
      if (missing.rows.length === 0) return;
      await store.insertEvents(missing.lines);
      await store.insertDerived(missing.rows, missing.blocks);
    },
    repair: (from) => deriveMissing(gateway, from),
  };
  return store;
}

/** Returns the rows of blocks that are not stored: the first one of each key. */
async function selectMissing(
  blocks: readonly LoggedBlock[],
  findStored: BlockStore['findStored'],
): Promise<{ rows: EventRow[]; lines: string[]; blocks: number[] }> {
  const missing: { rows: EventRow[]; lines: string[]; blocks: number[] } = {
    rows: [],
    lines: [],
    blocks: [],
  };
  const all = blocks.flatMap(({ block, rows, keys, text }) => {
    const lines = text.split('\n');
    return rows.map((row, index) => ({ row, block, key: keys[index] ?? '', line: lines[index] ?? '' }));
  });
  const seen = new Set<string>();
  for (let from = 0; from < all.length; from += LOOKUP_IDS) {
    const some = all.slice(from, from + LOOKUP_IDS);
    const stored = await findStored(some.map(({ row }) => row));
    for (const { row, block, key, line } of some) {
      if (stored.has(key) || seen.has(key)) continue;
      seen.add(key);
      missing.rows.push(row);
      missing.lines.push(line);
      missing.blocks.push(block);
    }
  }
  return missing;
}

/** Waits for all even when one fails, so that no statement is still running when the caller starts a repair. */
async function allSettled(statements: readonly Promise<void>[]): Promise<void> {
  for (const result of await Promise.allSettled(statements)) {
    if (result.status === 'rejected') throw result.reason;
  }
}
