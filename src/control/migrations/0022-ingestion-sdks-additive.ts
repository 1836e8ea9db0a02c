import { type Kysely, sql } from 'kysely';

/**
 * What sent events is counted, too, and the names that were sent are kept. Counts get a table of their own: nodes of the release before write
 * `ingestion_hours` meanwhile, with its primary key. Its counts may be those of any SDK.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  const { schema } = db;
  await schema
    .createTable('ingestion_sdk_hours')
    .addColumn('project_id', 'text', (column) => column.notNull())
    .addColumn('key_id', 'text', (column) => column.notNull())
    .addColumn('hour', 'bigint', (column) => column.notNull())
    .addColumn('sdk_id', 'text', (column) => column.notNull())
    .addColumn('sdk', 'text', (column) => column.notNull())
    .addColumn('app_id', 'text', (column) => column.notNull())
    .addColumn('outcome', 'text', (column) => column.notNull())
    .addColumn('code', 'text', (column) => column.notNull())
    .addColumn('count', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('ingestion_sdk_hours_key', [
      'project_id',
      'key_id',
      'hour',
      'sdk_id',
      'sdk',
      'app_id',
      'outcome',
      'code',
    ])
    .modifyEnd(sql`without rowid`)
    .execute();
  await schema
    .createIndex('ingestion_sdk_hours_by_project')
    .on('ingestion_sdk_hours')
    .columns(['project_id', 'hour', 'key_id', 'sdk_id', 'sdk', 'app_id', 'outcome', 'code'])
    .execute();
  await schema.createIndex('ingestion_sdk_hours_by_hour').on('ingestion_sdk_hours').column('hour').execute();
  await schema
    .alterTable('ingestion_samples')
    .addColumn('sdk_id', 'text', (column) => column.notNull().defaultTo('unknown'))
    .execute();
  await createNames(db);
}

async function createNames({ schema }: Kysely<unknown>): Promise<void> {
  await schema
    .createTable('event_names')
    .addColumn('project_id', 'text', (column) => column.notNull())
    .addColumn('app_id', 'text', (column) => column.notNull())
    .addColumn('event_name', 'text', (column) => column.notNull())
    .addColumn('sent_name', 'text', (column) => column.notNull())
    .addColumn('is_automatic', 'integer', (column) => column.notNull())
    .addColumn('count', 'bigint', (column) => column.notNull())
    .addColumn('first_at', 'bigint', (column) => column.notNull())
    .addColumn('last_at', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('event_names_key', ['project_id', 'app_id', 'event_name', 'sent_name'])
    .modifyEnd(sql`without rowid`)
    .execute();
  await schema
    .createIndex('event_names_by_name')
    .on('event_names')
    .columns(['project_id', 'event_name', 'sent_name'])
    .execute();
  await schema.createIndex('event_names_by_app').on('event_names').column('app_id').execute();
  await schema.createIndex('event_names_by_time').on('event_names').column('last_at').execute();
}
