import type { Kysely } from 'kysely';

/** The audit log can be filtered by address. */
export async function up({ schema }: Kysely<unknown>): Promise<void> {
  await schema
    .createIndex('audit_log_by_ip')
    .on('audit_log')
    .columns(['project_id', 'ip', 'at', 'seq'])
    .execute();
}
