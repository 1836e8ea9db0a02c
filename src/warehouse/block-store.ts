import { deriveMissing } from './derive.ts';
import type { Gateway } from './engine/gateway.ts';
import { EVENT_COLUMNS } from './event-columns.ts';
import type { EventRow } from './event-row.ts';
import { type EventIdentity, eventKey } from './id-filter.ts';
import { mayBeDamage } from './integrity/damage-error.ts';
import { insertPersons, type OnConflict } from './persons/insert-persons.ts';
import { listSeenUsers } from './seen-users.ts';

/** The writer's statements. All reject with StorageError; after a rejected insert the outcome is unknown. */
export type BlockStore = {
  /** Returns the keys (see `eventKey`) of the given ids that are already stored, or were until they were deleted. */
  findStored(ids: EventIdentity[]): Promise<Set<string>>;
  /** Inserts encoded rows (see `encodeRow`) under the block number `block`. Resolves once they are on disk. */
  insertEvents(lines: string[], block: number): Promise<void>;
  /** Inserts the data derived from rows that are already on disk: their ids, users and persons. */
  insertDerived(rows: EventRow[], block: number): Promise<void>;
  /**
   * Derives whatever may be missing and returns the highest stored block number. The derived tables are at most one
   * block behind `events`, because the writer derives each block before it inserts the next.
   */
  repair(): Promise<number>;
};

const INSERT_EVENTS_SQL = `INSERT INTO events (${EVENT_COLUMNS.join(', ')}, block) FORMAT JSONCompactEachRow\n`;
const INSERT_IDS_SQL =
  'INSERT INTO event_ids (project_id, event_id, app_id, verified, block) FORMAT JSONCompactEachRow\n';
const INSERT_USERS_SQL = `INSERT INTO users (project_id, app_id, app_user_id, first_seen, last_seen)
FORMAT JSONCompactEachRow\n`;

/** Where ids are looked up: in their table, or in the events that it is derived from, which takes much longer. */
type IdSource = 'event_ids' | 'events';

/**
 * Returns the writer's statements. `gateway` needs two connections; `onFailure` is called with what a look-up in a damaged
 * `event_ids` fails with, `onConflict` with each link that has no effect; `findErased` returns the keys of those that were
 * deleted and still count as stored. The derived tables are filled by our own
 * statements, after the events and in parallel: a materialized view on `events` could commit an id before its event,
 * and took twice as long for small blocks.
 */
export function createBlockStore(
  gateway: Gateway,
  onFailure: (error: unknown) => void = () => {},
  onConflict: OnConflict = () => {},
  findErased: (ids: EventIdentity[]) => Promise<Set<string>> = async () => new Set(),
): BlockStore {
  async function findIn(source: IdSource, ids: EventIdentity[]): Promise<Set<string>> {
    const projects = [...new Set(ids.map((id) => id.project_id))];
    // Two lists instead of tuples may also match an id of another project, app or kind of key, but its key differs.
    const rows = await gateway.query<EventIdentity>(
      `SELECT project_id, app_id, verified, event_id FROM ${source}
      WHERE project_id IN {projects:Array(String)} AND event_id IN {ids:Array(String)}`,
      { projects, ids: ids.map((id) => id.event_id) },
    );
    return new Set(rows.map(eventKey));
  }

  return {
    async findStored(ids) {
      const stored = await findIn('event_ids', ids).catch((error: unknown) => {
        if (!mayBeDamage(error)) throw error;
        onFailure(error);
        return findIn('events', ids);
      });
      // Afterwards: an ID is remembered as erased before it is deleted.
      return new Set([...stored, ...(await findErased(ids))]);
    },
    async insertEvents(lines, block) {
      const end = `,${block}]`;
      await gateway.command(`${INSERT_EVENTS_SQL}${lines.join(`${end}\n`)}${end}`);
    },
    async insertDerived(rows, block) {
      const ids = rows.map(({ project_id, event_id, app_id, verified }) =>
        JSON.stringify([project_id, event_id, app_id, verified, block]),
      );
      const users = listSeenUsers(rows).map((user) => JSON.stringify(user));
      await allSettled(
        gateway.command(`${INSERT_IDS_SQL}${ids.join('\n')}`),
        // Events that no metric counts make no user seen, and the engine rejects an insert of nothing.
        users.length === 0 ? undefined : gateway.command(`${INSERT_USERS_SQL}${users.join('\n')}`),
        insertPersons(gateway, rows, block).then((conflicts) => conflicts.forEach(onConflict)),
      );
    },
    repair: () => deriveMissing(gateway),
  };
}

/** Waits for all even when one fails, so that no statement is still running when the caller starts a repair. */
async function allSettled(...statements: (Promise<void> | undefined)[]): Promise<void> {
  for (const result of await Promise.allSettled(statements)) {
    if (result.status === 'rejected') throw result.reason;
  }
}
