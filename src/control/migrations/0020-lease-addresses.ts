import type { Kysely } from 'kysely';

/** Where the holder of a lease can be reached by other nodes. */
export async function up({ schema }: Kysely<unknown>): Promise<void> {
  await schema.alterTable('leases').addColumn('address', 'text').execute();
}
