import type { Kysely } from 'kysely';

/** A code of the second factor works once: the time step of the last one is kept. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .alterTable('two_factors')
    .addColumn('last_step', 'bigint', (column) => column.notNull().defaultTo(0))
    .execute();
}
