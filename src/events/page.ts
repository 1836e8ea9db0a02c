import type { Warehouse } from '../warehouse/open.ts';
import { type Filter, matchingSql } from './event-filter.ts';

/** A page to read from `events`: which columns, in which order, and at most how many rows. */
export type PageQuery = { columns: string; filter: Filter; order: string; limit: number };

/** Rows, and how full the page is: 1 or more means there may be more rows. */
export type Page<Row> = { rows: Row[]; fill: number };

/** Events are up to 32 KB: without a limit in bytes a page could be hundreds of MB. */
export const PAGE_BYTES_MAX = 2_000_000;

/**
 * Returns the first rows of a query: up to `limit`, and until their properties reach PAGE_BYTES_MAX, including the row
 * that crosses it. `order` names columns of the result. Throws StorageError.
 */
export async function readPage<Row extends { page_bytes: string }>(
  warehouse: Pick<Warehouse, 'query'>,
  { columns, filter, order, limit }: PageQuery,
  signal: AbortSignal,
): Promise<Page<Row>> {
  // In the order of the table, a second thread reads ahead what no page needs.
  const settings = filter.ofUsers?.isOneApp ? 'SETTINGS max_threads = 1' : '';
  const rows = await warehouse.query<Row>(
    `SELECT * FROM (
       SELECT *, sum(length(properties)) OVER (ORDER BY ${order} ROWS UNBOUNDED PRECEDING) AS page_bytes FROM (
         SELECT ${columns} FROM ${matchingSql(filter)}
         ORDER BY ${order} LIMIT {limit:UInt32} ${settings}))
     WHERE page_bytes - length(properties) < {bytes_max:UInt64} ORDER BY ${order}`,
    { ...filter.params, limit, bytes_max: PAGE_BYTES_MAX },
    { signal },
  );
  const bytes = Number(rows.at(-1)?.page_bytes ?? 0);
  return { rows, fill: Math.max(rows.length / limit, bytes / PAGE_BYTES_MAX) };
}
