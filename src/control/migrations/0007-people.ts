import type { Kysely } from 'kysely';

/** People, their sessions and their roles. Ended sessions and used links are deleted, so existing rows are valid. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await createPersonTables(db);
  await createCredentials(db);
  await createTwoFactors(db);
  await createMembers(db);
}

async function createPersonTables({ schema }: Kysely<unknown>): Promise<void> {
  await schema
    .createTable('people')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('email', 'text', (column) => column.notNull().unique())
    .addColumn('email_verified', 'integer', (column) => column.notNull())
    .addColumn('image', 'text')
    .addColumn('two_factor_enabled', 'integer', (column) => column.notNull().defaultTo(0))
    .addColumn('created_at', 'date', (column) => column.notNull())
    .addColumn('updated_at', 'date', (column) => column.notNull())
    .execute();
  await schema
    .createTable('sessions')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('token', 'text', (column) => column.notNull().unique())
    .addColumn('person_id', 'text', (column) => column.notNull().references('people.id').onDelete('cascade'))
    .addColumn('ip_address', 'text')
    .addColumn('user_agent', 'text')
    .addColumn('stepped_up_until', 'bigint')
    .addColumn('expires_at', 'date', (column) => column.notNull())
    .addColumn('created_at', 'date', (column) => column.notNull())
    .addColumn('updated_at', 'date', (column) => column.notNull())
    .execute();
  await schema.createIndex('sessions_person_id_idx').on('sessions').column('person_id').execute();
}

async function createCredentials({ schema }: Kysely<unknown>): Promise<void> {
  await schema
    .createTable('credentials')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('account_id', 'text', (column) => column.notNull())
    .addColumn('provider_id', 'text', (column) => column.notNull())
    .addColumn('person_id', 'text', (column) => column.notNull().references('people.id').onDelete('cascade'))
    .addColumn('access_token', 'text')
    .addColumn('refresh_token', 'text')
    .addColumn('id_token', 'text')
    .addColumn('access_token_expires_at', 'date')
    .addColumn('refresh_token_expires_at', 'date')
    .addColumn('scope', 'text')
    .addColumn('password', 'text')
    .addColumn('created_at', 'date', (column) => column.notNull())
    .addColumn('updated_at', 'date', (column) => column.notNull())
    .execute();
  await schema.createIndex('credentials_person_id_idx').on('credentials').column('person_id').execute();
}

async function createTwoFactors({ schema }: Kysely<unknown>): Promise<void> {
  await schema
    .createTable('verifications')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('identifier', 'text', (column) => column.notNull())
    .addColumn('value', 'text', (column) => column.notNull())
    .addColumn('expires_at', 'date', (column) => column.notNull())
    .addColumn('created_at', 'date', (column) => column.notNull())
    .addColumn('updated_at', 'date', (column) => column.notNull())
    .execute();
  await schema.createIndex('verifications_identifier_idx').on('verifications').column('identifier').execute();
  await schema
    .createTable('two_factors')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('secret', 'text', (column) => column.notNull())
    .addColumn('backup_codes', 'text', (column) => column.notNull())
    .addColumn('person_id', 'text', (column) => column.notNull().references('people.id').onDelete('cascade'))
    .addColumn('verified', 'integer')
    .addColumn('failed_verification_count', 'integer')
    .addColumn('locked_until', 'date')
    .execute();
  await schema.createIndex('two_factors_secret_idx').on('two_factors').column('secret').execute();
  await schema.createIndex('two_factors_person_id_idx').on('two_factors').column('person_id').execute();
}

async function createMembers({ schema }: Kysely<unknown>): Promise<void> {
  await schema
    .createTable('project_members')
    .addColumn('project_id', 'text', (column) => column.notNull().references('projects.id'))
    .addColumn('person_id', 'text', (column) => column.notNull().references('people.id').onDelete('cascade'))
    .addColumn('role', 'text', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('project_members_pk', ['project_id', 'person_id'])
    .execute();
  await schema
    .createIndex('project_members_person_id_idx')
    .on('project_members')
    .column('person_id')
    .execute();
  await schema
    .createTable('invitations')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('project_id', 'text', (column) => column.notNull().references('projects.id'))
    .addColumn('email', 'text', (column) => column.notNull())
    .addColumn('role', 'text', (column) => column.notNull())
    .addColumn('token_hash', 'text', (column) => column.notNull().unique())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('created_by', 'text', (column) => column.notNull())
    .addColumn('expires_at', 'bigint', (column) => column.notNull())
    .execute();
  await schema.createIndex('invitations_project_id_idx').on('invitations').column('project_id').execute();
  await schema
    .createTable('one_time_links')
    .addColumn('token_hash', 'text', (column) => column.primaryKey())
    .addColumn('purpose', 'text', (column) => column.notNull())
    .addColumn('person_id', 'text', (column) => column.references('people.id').onDelete('cascade'))
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('expires_at', 'bigint')
    .execute();
}
