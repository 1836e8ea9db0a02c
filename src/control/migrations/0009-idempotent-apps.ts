import type { Kysely } from 'kysely';

/** Idempotency records cover apps too, so the created object is not always a key. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('idempotent_calls').renameColumn('key_id', 'made_id').execute();
}
