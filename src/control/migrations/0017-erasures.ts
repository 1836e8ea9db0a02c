import { type Kysely, sql } from 'kysely';

/** Erasing people, and how long a project keeps events. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('projects').addColumn('retention_days', 'integer').execute();
  await db.schema
    .createTable('erasures')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('project_id', 'text', (column) => column.notNull().references('projects.id'))
    .addColumn('app_ids', 'text', (column) => column.notNull())
    .addColumn('sealed_work', 'text')
    .addColumn('events', 'integer', (column) => column.notNull())
    .addColumn('app_user_ids', 'integer', (column) => column.notNull())
    .addColumn('requested_at', 'bigint', (column) => column.notNull())
    .addColumn('done_at', 'bigint')
    .execute();
  // Usually empty: what is under way.
  await sql`CREATE INDEX erasures_under_way ON erasures (requested_at, id) WHERE done_at IS NULL`.execute(db);
  await db.schema
    .createTable('erased_users')
    .addColumn('app_id', 'text', (column) => column.notNull().references('apps.id'))
    .addColumn('mac', 'text', (column) => column.notNull())
    .addColumn('until', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('erased_users_pk', ['app_id', 'mac'])
    .execute();
}
