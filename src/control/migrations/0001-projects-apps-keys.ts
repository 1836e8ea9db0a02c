import type { Kysely } from 'kysely';

/** The table that is written to, as this migration creates it: a later schema must not break it. */
type Written = { revision: { id: number; value: number } };

async function createCounters(db: Kysely<Written>): Promise<void> {
  await db.schema
    .createTable('settings')
    .addColumn('name', 'text', (column) => column.primaryKey())
    .addColumn('value', 'text', (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('revision')
    .addColumn('id', 'integer', (column) => column.primaryKey())
    .addColumn('value', 'bigint', (column) => column.notNull())
    .execute();
  await db.insertInto('revision').values({ id: 1, value: 0 }).execute();
}

async function createProjectsAndApps(db: Kysely<Written>): Promise<void> {
  await db.schema
    .createTable('projects')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('max_key_lifetime_days', 'integer')
    .addColumn('count_unverified_revenue', 'integer', (column) => column.notNull())
    .addColumn('leaked_key_policy', 'text', (column) => column.notNull())
    .addColumn('rate_limits', 'text')
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('updated_at', 'bigint', (column) => column.notNull())
    .addColumn('revision', 'bigint', (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('apps')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('project_id', 'text', (column) => column.notNull().references('projects.id'))
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('platform', 'text', (column) => column.notNull())
    .addColumn('bundle_id', 'text')
    .addColumn('timezone', 'text', (column) => column.notNull())
    .addColumn('currency', 'text', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('updated_at', 'bigint', (column) => column.notNull())
    .addColumn('deleted_at', 'bigint')
    .addColumn('revision', 'bigint', (column) => column.notNull())
    .execute();
}

async function createKeys(db: Kysely<Written>): Promise<void> {
  await db.schema
    .createTable('api_keys')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('project_id', 'text', (column) => column.notNull().references('projects.id'))
    .addColumn('type', 'text', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('scopes', 'text')
    .addColumn('app_ids', 'text')
    .addColumn('expires_at', 'bigint')
    .addColumn('ip_allowlist', 'text', (column) => column.notNull())
    .addColumn('allowed_origins', 'text', (column) => column.notNull())
    .addColumn('bundle_ids', 'text', (column) => column.notNull())
    .addColumn('metadata', 'text', (column) => column.notNull())
    .addColumn('disabled', 'integer', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('created_by', 'text', (column) => column.notNull())
    .addColumn('revoked_at', 'bigint')
    .addColumn('revoked_by', 'text')
    .addColumn('revoked_reason', 'text')
    .addColumn('revision', 'bigint', (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('key_secrets')
    .addColumn('key_id', 'text', (column) => column.notNull().references('api_keys.id'))
    .addColumn('version', 'integer', (column) => column.notNull())
    .addColumn('mac', 'text', (column) => column.notNull().unique())
    .addColumn('pepper_id', 'text', (column) => column.notNull())
    .addColumn('hint', 'text', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('expires_at', 'bigint')
    .addPrimaryKeyConstraint('key_secrets_key', ['key_id', 'version'])
    .execute();
}

async function createRevisionIndexes(db: Kysely<Written>): Promise<void> {
  for (const table of ['projects', 'apps', 'api_keys'] as const) {
    await db.schema.createIndex(`${table}_by_revision`).on(table).column('revision').execute();
  }
}

/** Projects, apps, and API keys with the MACs of their secrets. */
export async function up(db: Kysely<Written>): Promise<void> {
  await createCounters(db);
  await createProjectsAndApps(db);
  await createKeys(db);
  await createRevisionIndexes(db);
}
