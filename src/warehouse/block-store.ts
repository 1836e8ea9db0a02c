import type { Gateway } from './engine/gateway.ts';
import { EVENT_COLUMNS } from './event-columns.ts';
import type { EventRow } from './event-row.ts';
import { eventKey } from './id-filter.ts';
import { DERIVE_IDS_SQL } from './integrity/derive-sql.ts';
import { listSeenUsers } from './seen-users.ts';

/** The writer's statements. All reject with StorageError; after a rejected insert the outcome is unknown. */
export type BlockStore = {
  /** Returns the keys (see `eventKey`) of the given ids that are already stored. */
  findStored(ids: Pick<EventRow, 'project_id' | 'event_id'>[]): Promise<Set<string>>;
  /** Inserts encoded rows (see `encodeRow`) under the block number `block`. Resolves once they are on disk. */
  insertEvents(lines: string[], block: number): Promise<void>;
  /** Inserts the data derived from rows that are already on disk: their ids and their users. */
  insertDerived(rows: EventRow[], block: number): Promise<void>;
  /**
   * Derives whatever may be missing and returns the highest stored block number. The derived tables are at most one
   * block behind `events`, because the writer derives each block before it inserts the next.
   */
  repair(): Promise<number>;
};

const INSERT_EVENTS_SQL = `INSERT INTO events (${EVENT_COLUMNS.join(', ')}, block) FORMAT JSONCompactEachRow\n`;
const INSERT_IDS_SQL =
  'INSERT INTO event_ids (project_id, event_id, app_id, block) FORMAT JSONCompactEachRow\n';
const INSERT_USERS_SQL = `INSERT INTO users (project_id, app_id, app_user_id, first_seen, last_seen)
FORMAT JSONCompactEachRow\n`;

/** A block's ids are one part, so they are all there or all missing: only blocks above the highest one lack ids. */
const REPAIR_IDS_SQL = `${DERIVE_IDS_SQL} WHERE block > `;
/** The highest block may have its ids but not its users. Deriving its users twice changes nothing. */
const REPAIR_USERS_SQL = `INSERT INTO users (project_id, app_id, app_user_id, first_seen, last_seen)
SELECT project_id, app_id, app_user_id, min(timestamp), max(timestamp) FROM events WHERE block >= `;
const GROUP_USERS_SQL = ' GROUP BY project_id, app_id, app_user_id';
/**
 * Returns the writer's statements. `gateway` needs two connections. The derived tables are filled by our own
 * statements, after the events and in parallel: a materialized view on `events` could commit an id before its event,
 * and took twice as long for small blocks.
 */
export function createBlockStore(gateway: Gateway): BlockStore {
  return {
    async findStored(ids) {
      const projects = [...new Set(ids.map((id) => id.project_id))];
      // Two lists instead of pairs may also match another project's id, but its key differs.
      const rows = await gateway.query<{ project_id: string; event_id: string }>(
        `SELECT project_id, event_id FROM event_ids
        WHERE project_id IN {projects:Array(String)} AND event_id IN {ids:Array(String)}`,
        { projects, ids: ids.map((id) => id.event_id) },
      );
      return new Set(rows.map((row) => eventKey(row.project_id, row.event_id)));
    },
    async insertEvents(lines, block) {
      const end = `,${block}]`;
      await gateway.command(`${INSERT_EVENTS_SQL}${lines.join(`${end}\n`)}${end}`);
    },
    async insertDerived(rows, block) {
      const ids = rows.map((row) => JSON.stringify([row.project_id, row.event_id, row.app_id, block]));
      const users = listSeenUsers(rows).map((user) => JSON.stringify(user));
      await allSettled(
        gateway.command(`${INSERT_IDS_SQL}${ids.join('\n')}`),
        gateway.command(`${INSERT_USERS_SQL}${users.join('\n')}`),
      );
    },
    async repair() {
      const derived = await maxBlock('event_ids');
      await allSettled(
        gateway.command(`${REPAIR_IDS_SQL}${derived}`),
        gateway.command(`${REPAIR_USERS_SQL}${derived}${GROUP_USERS_SQL}`),
      );
      return await maxBlock('event_ids');
    },
  };

  async function maxBlock(table: string): Promise<number> {
    const [row] = await gateway.query<{ block: string }>(`SELECT max(block) AS block FROM ${table}`);
    return Number(row?.block ?? 0);
  }
}

/** Waits for both even when one fails, so that no statement is still running when the caller starts a repair. */
async function allSettled(...statements: [Promise<void>, Promise<void>]): Promise<void> {
  for (const result of await Promise.allSettled(statements)) {
    if (result.status === 'rejected') throw result.reason;
  }
}
