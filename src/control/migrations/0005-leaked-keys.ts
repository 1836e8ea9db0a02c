import type { Kysely } from 'kysely';

/** Leaked keys of projects that disable them after a delay. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('leaked_keys')
    .addColumn('key_id', 'text', (column) => column.primaryKey().references('api_keys.id'))
    .addColumn('disable_at', 'bigint', (column) => column.notNull())
    .addColumn('done_at', 'bigint')
    .execute();
}
