import type { Kysely } from 'kysely';
import * as m0001 from './migrations/0001-projects-apps-keys.ts';
import * as m0002 from './migrations/0002-audit-log.ts';
import * as m0003 from './migrations/0003-key-lifecycle.ts';
import * as m0004 from './migrations/0004-key-usage.ts';
import * as m0005 from './migrations/0005-leaked-keys.ts';
import type { ControlSchema } from './schema.ts';

/** All migrations, oldest first. A released one is never edited, only followed. */
const MIGRATIONS = [
  { name: '0001-projects-apps-keys', up: m0001.up },
  { name: '0002-audit-log', up: m0002.up },
  { name: '0003-key-lifecycle', up: m0003.up },
  { name: '0004-key-usage', up: m0004.up },
  { name: '0005-leaked-keys', up: m0005.up },
];

/** Brings the control database to the present schema, in one transaction: all of it or nothing. */
export async function migrateControl(db: Kysely<ControlSchema>, now: number): Promise<void> {
  await db.transaction().execute(async (tx) => {
    await tx.schema
      .createTable('schema_migrations')
      .ifNotExists()
      .addColumn('name', 'text', (column) => column.primaryKey())
      .addColumn('applied_at', 'bigint', (column) => column.notNull())
      .execute();
    const rows = await tx.selectFrom('schema_migrations').select('name').execute();
    const applied = new Set(rows.map((row) => row.name));
    for (const migration of MIGRATIONS) {
      if (applied.has(migration.name)) continue;
      await migration.up(tx);
      await tx.insertInto('schema_migrations').values({ name: migration.name, applied_at: now }).execute();
    }
  });
}
