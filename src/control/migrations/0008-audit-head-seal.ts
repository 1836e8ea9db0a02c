import type { Kysely } from 'kysely';

/** The end of the audit chain gets an HMAC of its own: whoever cuts the log can copy a row's, but not make this one. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .alterTable('audit_head')
    .addColumn('seal', 'text', (column) => column.notNull().defaultTo(''))
    .execute();
}
