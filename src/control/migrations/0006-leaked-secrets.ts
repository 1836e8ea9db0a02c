import { type Kysely, sql } from 'kysely';

/**
 * Leaks per secret instead of per key: a secret that was rotated out does not endanger the key. Existing rows do not
 * say which secret leaked. They are assigned to the newest one, so that no leaked secret stays valid by mistake.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('leaked_secrets')
    .addColumn('key_id', 'text', (column) => column.notNull().references('api_keys.id'))
    .addColumn('version', 'integer', (column) => column.notNull())
    .addColumn('disable_at', 'bigint')
    .addColumn('done_at', 'bigint')
    .addPrimaryKeyConstraint('leaked_secrets_pk', ['key_id', 'version'])
    .execute();
  await sql`
    INSERT INTO leaked_secrets (key_id, version, disable_at, done_at)
    SELECT l.key_id, max(s.version), l.disable_at, l.done_at
    FROM leaked_keys l JOIN key_secrets s ON s.key_id = l.key_id
    GROUP BY l.key_id, l.disable_at, l.done_at
  `.execute(db);
  await db.schema.dropTable('leaked_keys').execute();
}
