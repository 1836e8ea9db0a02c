import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';
import { isAdditive } from '../lib/additive.ts';
import { isSqlite } from './dialect.ts';
import * as m0001 from './migrations/0001-projects-apps-keys.ts';
import * as m0002 from './migrations/0002-audit-log.ts';
import * as m0003 from './migrations/0003-key-lifecycle.ts';
import * as m0004 from './migrations/0004-key-usage.ts';
import * as m0005 from './migrations/0005-leaked-keys.ts';
import * as m0006 from './migrations/0006-leaked-secrets.ts';
import * as m0007 from './migrations/0007-people.ts';
import * as m0008 from './migrations/0008-audit-head-seal.ts';
import * as m0009 from './migrations/0009-idempotent-apps.ts';
import * as m0010 from './migrations/0010-totp-steps.ts';
import * as m0011 from './migrations/0011-indexes-of-lists.ts';
import * as m0012 from './migrations/0012-deleted-projects.ts';
import * as m0013 from './migrations/0013-audit-by-ip.ts';
import * as m0014 from './migrations/0014-ingestion.ts';
import * as m0015 from './migrations/0015-saved-items.ts';
import * as m0017 from './migrations/0017-erasures.ts';
import * as m0018 from './migrations/0018-flush-marks.ts';
import * as m0019 from './migrations/0019-leases.ts';
import * as m0020 from './migrations/0020-lease-addresses.ts';
import * as m0021 from './migrations/0021-ingestion-order.ts';
import * as m0022 from './migrations/0022-ingestion-sdks-additive.ts';
import * as m0023 from './migrations/0023-allowed-sdks-additive.ts';
import type { ControlSchema } from './schema.ts';

/** After this migration the audit log of an older release is sealed, which needs the secret: see `sealOldChain`. */
export const AUDIT_SEAL_MIGRATION = '0008-audit-head-seal';

/**
 * All migrations, oldest first. A released migration is never edited; a new one follows it. Its name ends in `-additive` if the release
 * before it can still use the database (decision 0028).
 */
const MIGRATIONS: { name: string; up: Migration['up'] }[] = [
  { name: '0001-projects-apps-keys', up: m0001.up },
  { name: '0002-audit-log', up: m0002.up },
  { name: '0003-key-lifecycle', up: m0003.up },
  { name: '0004-key-usage', up: m0004.up },
  { name: '0005-leaked-keys', up: m0005.up },
  { name: '0006-leaked-secrets', up: m0006.up },
  { name: '0007-people', up: m0007.up },
  { name: AUDIT_SEAL_MIGRATION, up: m0008.up },
  { name: '0009-idempotent-apps', up: m0009.up },
  { name: '0010-totp-steps', up: m0010.up },
  { name: '0011-indexes-of-lists', up: m0011.up },
  { name: '0012-deleted-projects', up: m0012.up },
  { name: '0013-audit-by-ip', up: m0013.up },
  { name: '0014-ingestion', up: m0014.up },
  { name: '0015-saved-items', up: m0015.up },
  { name: '0017-erasures', up: m0017.up },
  { name: '0018-flush-marks', up: m0018.up },
  { name: '0019-leases', up: m0019.up },
  { name: '0020-lease-addresses', up: m0020.up },
  { name: '0021-ingestion-order', up: m0021.up },
  { name: '0022-ingestion-sdks-additive', up: m0022.up },
  { name: '0023-allowed-sdks-additive', up: m0023.up },
];

/** The name of this release's last migration. */
export const LAST_CONTROL_MIGRATION = MIGRATIONS.at(-1)?.name ?? '';

/** The names of the migrations applied while opening, and of those that a newer release has applied and this one can ignore. */
export type MigratedControl = { migrated: readonly string[]; ignored: readonly string[] };

/**
 * Upgrades the control database to the current schema in one transaction. Throws if a newer release has changed the
 * database in another way than by additions: this one might write what that one cannot read.
 */
export async function migrateControl(db: Kysely<ControlSchema>, now: number): Promise<MigratedControl> {
  return db.transaction().execute(async (tx) => {
    await tx.schema
      .createTable('schema_migrations')
      .ifNotExists()
      .addColumn('name', 'text', (column) => column.primaryKey())
      .addColumn('applied_at', 'bigint', (column) => column.notNull())
      .execute();
    const { pending, unknown, ignored } = await compareMigrations(tx);
    if (unknown.length > 0) throw new Error(describeNewer(unknown));
    for (const { name, up } of pending) {
      await up(tx);
      await tx.insertInto('schema_migrations').values({ name, applied_at: now }).execute();
    }
    return { migrated: pending.map(({ name }) => name), ignored };
  });
}

/** A database compared with this release: migrations still to apply, oldest first, and those that keep this release from using it. */
export type MigrationState = {
  /** Whether it has no tables yet. */
  isNew: boolean;
  pending: readonly string[];
  unknown: readonly string[];
};

/** Compares a control database with this release. Changes nothing. */
export async function findMigrationState(db: Kysely<ControlSchema>): Promise<MigrationState> {
  const tables = await db.introspection.getTables();
  // An empty file is a control database whose first start was interrupted.
  const isNew = !tables.some(({ name }) => name === 'schema_migrations');
  const { pending, unknown } = isNew ? { pending: MIGRATIONS, unknown: [] } : await compareMigrations(db);
  return { isNew, pending: pending.map(({ name }) => name), unknown };
}

/** Returns the error message for a database with migrations that this release does not know. */
export function describeNewer(unknown: readonly string[]): string {
  return (
    `The control database was created by a newer release of Appflow (it has ${unknown.join(', ')}). ` +
    'Run that release, or restore a backup from before it.'
  );
}

/** Returns the warning for a database with migrations that this release can ignore. */
export function describeIgnored(ignored: readonly string[]): string {
  return (
    `A newer release of Appflow has upgraded the control database (${ignored.join(', ')}). ` +
    'This release can still use it. Upgrade the remaining nodes soon.'
  );
}

async function compareMigrations(db: Kysely<ControlSchema>) {
  const rows = await db.selectFrom('schema_migrations').select('name').orderBy('name').execute();
  const applied = new Set(rows.map(({ name }) => name));
  const known = new Set(MIGRATIONS.map(({ name }) => name));
  const newer = [...applied].filter((name) => !known.has(name));
  // A data folder has one server, and a snapshot to go back with. Nodes are upgraded one after another.
  const ignored = isSqlite(db) ? [] : newer.filter(isAdditive);
  return {
    pending: MIGRATIONS.filter(({ name }) => !applied.has(name)),
    unknown: newer.filter((name) => !ignored.includes(name)),
    ignored,
  };
}
