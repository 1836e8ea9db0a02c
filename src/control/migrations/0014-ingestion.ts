import { type Kysely, sql } from 'kysely';

/** What became of events by hour of receipt, and samples of rejected ones. No row has a `revision`: see 0004. */
export async function up({ schema }: Kysely<unknown>): Promise<void> {
  await schema
    .createTable('ingestion_hours')
    .addColumn('project_id', 'text', (column) => column.notNull())
    .addColumn('key_id', 'text', (column) => column.notNull())
    .addColumn('hour', 'bigint', (column) => column.notNull())
    .addColumn('sdk', 'text', (column) => column.notNull())
    .addColumn('app_id', 'text', (column) => column.notNull())
    .addColumn('outcome', 'text', (column) => column.notNull())
    .addColumn('code', 'text', (column) => column.notNull())
    .addColumn('count', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('ingestion_hours_key', [
      'project_id',
      'key_id',
      'hour',
      'sdk',
      'app_id',
      'outcome',
      'code',
    ])
    .modifyEnd(sql`without rowid`)
    .execute();
  await schema
    .createIndex('ingestion_hours_by_project')
    .on('ingestion_hours')
    .columns(['project_id', 'hour'])
    .execute();
  await schema.createIndex('ingestion_hours_by_hour').on('ingestion_hours').column('hour').execute();
  await schema
    .createTable('ingestion_samples')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('project_id', 'text', (column) => column.notNull())
    .addColumn('at', 'bigint', (column) => column.notNull())
    .addColumn('app_id', 'text')
    .addColumn('app_user_id', 'text')
    .addColumn('key_id', 'text', (column) => column.notNull())
    .addColumn('sdk', 'text', (column) => column.notNull())
    .addColumn('code', 'text', (column) => column.notNull())
    .addColumn('field', 'text', (column) => column.notNull())
    .addColumn('message', 'text', (column) => column.notNull())
    .addColumn('event_id', 'text')
    .addColumn('event', 'text')
    .addColumn('is_cut', 'integer', (column) => column.notNull())
    .execute();
  await schema
    .createIndex('ingestion_samples_by_project')
    .on('ingestion_samples')
    .columns(['project_id', 'id'])
    .execute();
  await schema.createIndex('ingestion_samples_by_time').on('ingestion_samples').column('at').execute();
}
