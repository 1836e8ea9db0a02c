import type { Kysely } from 'kysely';

/** The table that is written to, as this migration creates it: a later schema must not break it. */
type Written = { usage_flush: { id: number; value: number } };

/**
 * The usage of keys. None of these tables has a `revision`: a flush must not make every process reload its directory.
 * `key_usage.flush` does for usage what `revision` does for keys.
 */
export async function up(db: Kysely<Written>): Promise<void> {
  await db.schema
    .createTable('usage_flush')
    .addColumn('id', 'integer', (column) => column.primaryKey())
    .addColumn('value', 'bigint', (column) => column.notNull())
    .execute();
  await db.insertInto('usage_flush').values({ id: 1, value: 0 }).execute();
  await db.schema
    .createTable('key_usage')
    .addColumn('key_id', 'text', (column) => column.notNull())
    .addColumn('version', 'integer', (column) => column.notNull())
    .addColumn('last_used_at', 'bigint', (column) => column.notNull())
    .addColumn('last_used_ip', 'text')
    .addColumn('last_used_sdk', 'text')
    .addColumn('request_count', 'bigint', (column) => column.notNull())
    .addColumn('bundle_id_mismatches', 'bigint', (column) => column.notNull())
    .addColumn('flush', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('key_usage_key', ['key_id', 'version'])
    .execute();
  await db.schema.createIndex('key_usage_by_flush').on('key_usage').column('flush').execute();
  await db.schema
    .createTable('key_usage_hours')
    .addColumn('key_id', 'text', (column) => column.notNull())
    .addColumn('hour', 'bigint', (column) => column.notNull())
    .addColumn('category', 'text', (column) => column.notNull())
    .addColumn('ok', 'bigint', (column) => column.notNull())
    .addColumn('unauthorized', 'bigint', (column) => column.notNull())
    .addColumn('forbidden', 'bigint', (column) => column.notNull())
    .addColumn('limited', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('key_usage_hours_key', ['key_id', 'hour', 'category'])
    .execute();
  await db.schema.createIndex('key_usage_hours_by_hour').on('key_usage_hours').column('hour').execute();
  await db.schema
    .createTable('key_expiry_notices')
    .addColumn('key_id', 'text', (column) => column.notNull())
    .addColumn('expires_at', 'bigint', (column) => column.notNull())
    .addColumn('days', 'integer', (column) => column.notNull())
    .addPrimaryKeyConstraint('key_expiry_notices_key', ['key_id', 'expires_at', 'days'])
    .execute();
}
