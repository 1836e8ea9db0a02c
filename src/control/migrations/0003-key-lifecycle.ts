import type { Kysely } from 'kysely';

/** Rate limits per key, leak reports, the columns for rotation, and idempotency records. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('api_keys').addColumn('rate_limits', 'text').execute();
  await db.schema.alterTable('api_keys').addColumn('leak_reported_at', 'bigint').execute();
  await db.schema.alterTable('key_secrets').addColumn('revoked_at', 'bigint').execute();
  await db.schema.alterTable('key_secrets').addColumn('first_used_at', 'bigint').execute();
  await db.schema.alterTable('key_secrets').addColumn('grace_ms', 'bigint').execute();
  await db.schema
    .createTable('idempotent_calls')
    .addColumn('intent', 'text', (column) => column.primaryKey())
    .addColumn('body_hash', 'text', (column) => column.notNull())
    .addColumn('key_id', 'text', (column) => column.notNull())
    .addColumn('sealed_answer', 'text')
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .execute();
  await db.schema
    .createIndex('idempotent_calls_by_age')
    .on('idempotent_calls')
    .column('created_at')
    .execute();
}
