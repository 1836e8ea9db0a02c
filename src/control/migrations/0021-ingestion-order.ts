import type { Kysely } from 'kysely';

/**
 * The index by project in the order in which counts are read. SQLite appends the rest of the primary key to any index; PostgreSQL sorted a
 * whole hour for each page.
 */
export async function up({ schema }: Kysely<unknown>): Promise<void> {
  await schema.dropIndex('ingestion_hours_by_project').execute();
  await schema
    .createIndex('ingestion_hours_by_project')
    .on('ingestion_hours')
    .columns(['project_id', 'hour', 'key_id', 'sdk', 'app_id', 'outcome', 'code'])
    .execute();
}
