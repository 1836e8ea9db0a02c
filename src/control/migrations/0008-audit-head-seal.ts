import type { Kysely } from 'kysely';

/** Adds a separate HMAC for the end of the audit chain: truncating the log allows copying a row's MAC, but not this one. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .alterTable('audit_head')
    .addColumn('seal', 'text', (column) => column.notNull().defaultTo(''))
    .execute();
}
