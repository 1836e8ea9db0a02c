import type { Kysely } from 'kysely';

/** The last write of each writer of counts: see `marked-writes.ts`. */
export async function up({ schema }: Kysely<unknown>): Promise<void> {
  await schema
    .createTable('flush_marks')
    .addColumn('writer', 'text', (column) => column.primaryKey())
    .addColumn('flush', 'text', (column) => column.notNull())
    .addColumn('at', 'bigint', (column) => column.notNull())
    .execute();
}
