import type { Kysely } from 'kysely';
import type { ControlSchema } from '../schema.ts';

/** Adds a separate HMAC for the end of the audit chain: truncating the log allows copying a row's MAC, but not this one. */
export async function up(db: Kysely<ControlSchema>): Promise<void> {
  await db.schema
    .alterTable('audit_head')
    .addColumn('seal', 'text', (column) => column.notNull().defaultTo(''))
    .execute();
}
