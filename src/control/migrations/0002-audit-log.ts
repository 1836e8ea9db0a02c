import type { Kysely } from 'kysely';

/** The table that is written to, as this migration creates it: a later schema must not break it. */
type Written = { audit_head: { id: number; seq: number; mac: string } };

/** The audit log: a chain of rows, with its head in a separate table so that a truncated log is detected. */
export async function up(db: Kysely<Written>): Promise<void> {
  await db.schema
    .createTable('audit_log')
    .addColumn('seq', 'bigint', (column) => column.primaryKey())
    .addColumn('id', 'text', (column) => column.notNull().unique())
    .addColumn('at', 'bigint', (column) => column.notNull())
    .addColumn('project_id', 'text')
    .addColumn('actor_type', 'text', (column) => column.notNull())
    .addColumn('actor_id', 'text', (column) => column.notNull())
    .addColumn('action', 'text', (column) => column.notNull())
    .addColumn('target', 'text', (column) => column.notNull())
    .addColumn('diff', 'text')
    .addColumn('ip', 'text')
    .addColumn('request_id', 'text')
    .addColumn('pepper_id', 'text', (column) => column.notNull())
    .addColumn('mac', 'text', (column) => column.notNull())
    .execute();
  await db.schema
    .createIndex('audit_log_by_project')
    .on('audit_log')
    .columns(['project_id', 'seq'])
    .execute();
  await db.schema
    .createTable('audit_head')
    .addColumn('id', 'integer', (column) => column.primaryKey())
    .addColumn('seq', 'bigint', (column) => column.notNull())
    .addColumn('mac', 'text', (column) => column.notNull())
    .execute();
  await db.insertInto('audit_head').values({ id: 1, seq: 0, mac: '' }).execute();
}
