import type { Kysely } from 'kysely';

/** Apps are created once for one `Idempotency-Key` too: what was made is no longer always a key. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('idempotent_calls').renameColumn('key_id', 'made_id').execute();
}
