import { sql } from 'kysely';
import type { Control } from '../../control/control.ts';
import { isSqlite } from '../../control/dialect.ts';
import type { Warehouse } from '../../warehouse/open.ts';

/** Returns the bytes of the control database, without a write-ahead log. Rejects with StorageError. */
export async function measureControl({ db }: Pick<Control, 'db'>): Promise<number> {
  const size = isSqlite(db)
    ? sql<{
        bytes: number;
      }>`SELECT page_count * page_size AS bytes FROM pragma_page_count(), pragma_page_size()`
    : sql<{ bytes: number }>`SELECT pg_database_size(current_database()) AS bytes`;
  const { rows } = await size.execute(db);
  return Number(rows[0]?.bytes ?? 0);
}

/** How many events are stored, and the bytes of all tables, as the engine that answers has them. */
export type StoredEvents = { count: number; bytes: number };

/** Measures the event store. Rejects with StorageError. */
export async function measureEvents({ query }: Pick<Warehouse, 'query'>): Promise<StoredEvents> {
  const rows = await query<{ bytes: string; count: string }>(
    `SELECT toString(sum(bytes_on_disk)) AS bytes, toString(sumIf(rows, table = 'events')) AS count
    FROM system.parts WHERE database = currentDatabase() AND active`,
  );
  return { count: Number(rows[0]?.count ?? 0), bytes: Number(rows[0]?.bytes ?? 0) };
}
