import type { Kysely } from 'kysely';

/** A deleted project keeps its rows, so that it can be restored. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('projects').addColumn('deleted_at', 'bigint').execute();
}
