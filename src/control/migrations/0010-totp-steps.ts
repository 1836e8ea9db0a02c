import type { Kysely } from 'kysely';

/** Stores the time step of the last accepted code, so that each second-factor code works only once. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .alterTable('two_factors')
    .addColumn('last_step', 'bigint', (column) => column.notNull().defaultTo(0))
    .execute();
}
