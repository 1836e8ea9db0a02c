import { COUNTED_SQL } from './integrity/derive-sql.ts';
import { ROW_LAYOUT } from './rows/row-layout.ts';
import type { RowSource } from './rows/row-source.ts';

const COLUMNS = ROW_LAYOUT.map(([name]) => name).join(', ');

/** Returns settings with which a server inserts rows with the same token once. */
export const once = ({ holder = '' }: RowSource, token: string) =>
  `SETTINGS insert_deduplication_token = '${holder}-${token}'`;

/** Returns a condition under which a process that was frozen until another one took the lease inserts nothing: the statement fails. */
export const fence = ({ holder }: RowSource) =>
  holder === undefined
    ? '1'
    : `throwIf((SELECT argMax(holder, (epoch, holder)) FROM epochs) != '${holder}', 'another process stores events now') = 0`;

/** Returns the statement that inserts rows into `events`. */
export const insertEventsSql = (source: RowSource, token: string): string =>
  `INSERT INTO events (${COLUMNS}) ${once(source, token)} SELECT ${COLUMNS} FROM ${source.sql} WHERE ${fence(source)}`;

/** Returns the statement that inserts the ids of rows. */
export const insertIdsSql = (source: RowSource, token: string): string =>
  `INSERT INTO event_ids (project_id, event_id, app_id, verified, block) ${once(source, token)}
  SELECT project_id, event_id, app_id, verified, block FROM ${source.sql} WHERE ${fence(source)}`;

/** Returns the statement that inserts the users of rows that metrics count: those of a block are grouped as they are inserted. */
export const insertUsersSql = (source: RowSource, token: string): string =>
  `INSERT INTO users (project_id, app_id, app_user_id, first_seen, last_seen) ${once(source, token)}
  SELECT project_id, app_id, app_user_id, timestamp, timestamp FROM ${source.sql} WHERE ${fence(source)} AND ${COUNTED_SQL}`;
