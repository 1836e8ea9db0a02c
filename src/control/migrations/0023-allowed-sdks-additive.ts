import type { Kysely } from 'kysely';

/** The SDKs that a client key is restricted to, as a JSON list; null for all of them. */
export async function up({ schema }: Kysely<unknown>): Promise<void> {
  await schema.alterTable('api_keys').addColumn('allowed_sdks', 'text').execute();
}
