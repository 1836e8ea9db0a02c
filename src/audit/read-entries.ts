import type { Selectable } from 'kysely';
import type { Control } from '../control/control.ts';
import type { AuditTable } from '../control/schema.ts';

const ROWS_PER_PAGE = 5_000;

/** Reads all entries of the audit log, oldest first, in parts. Rejects with StorageError. */
export async function* readEntries(db: Control['db']): AsyncGenerator<Selectable<AuditTable>> {
  for (let seq = 0; ; ) {
    const rows = await db
      .selectFrom('audit_log')
      .selectAll()
      .where('seq', '>', seq)
      .orderBy('seq')
      .limit(ROWS_PER_PAGE)
      .execute();
    yield* rows;
    seq = Number(rows.at(-1)?.seq ?? seq);
    if (rows.length < ROWS_PER_PAGE) return;
  }
}
