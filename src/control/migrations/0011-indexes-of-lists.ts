import type { Kysely } from 'kysely';

/** An index per filter of the audit log, in the order of its list, and indexes that count what a project has. */
export async function up({ schema }: Kysely<unknown>): Promise<void> {
  const byTime = ['at', 'seq'];
  const create = (name: string, table: string, columns: string[]) =>
    schema.createIndex(name).on(table).columns(columns).execute();
  await create('audit_log_by_time', 'audit_log', byTime);
  await create('audit_log_by_project_and_time', 'audit_log', ['project_id', ...byTime]);
  await create('audit_log_by_action', 'audit_log', ['project_id', 'action', ...byTime]);
  await create('audit_log_by_actor', 'audit_log', ['project_id', 'actor_id', ...byTime]);
  await create('audit_log_by_target', 'audit_log', ['project_id', 'target', ...byTime]);
  await schema.dropIndex('audit_log_by_project').execute();
  await create('api_keys_by_project', 'api_keys', ['project_id', 'created_at']);
  await schema
    .createIndex('api_keys_not_revoked')
    .on('api_keys')
    .columns(['project_id', 'expires_at'])
    .where('revoked_at' as never, 'is', null as never)
    .execute();
  await create('apps_by_project', 'apps', ['project_id', 'created_at']);
}
