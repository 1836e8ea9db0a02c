import { type Kysely, sql } from 'kysely';
import type { Control } from './control.ts';
import {
  type AnyRow,
  inSnapshot,
  MOVED_CONTROL_TABLES,
  MOVING_SETTING,
  type MovedControlTable,
  readMovedRows,
} from './moved-rows.ts';
import { type ControlPlace, openReadOnlyControl } from './open.ts';
import type { ControlSchema } from './schema.ts';

/** What a database is to an installation: empty, being moved to, in use by it, or in use by another one. */
export type ControlState = 'empty' | 'moving' | 'own' | 'foreign';

/** Returns what the database at `place` is to the installation `storeId`. Changes nothing. Rejects with StorageError. */
export async function findControlState(place: ControlPlace, storeId: string): Promise<ControlState> {
  const { db, isNew, close } = await openReadOnlyControl(place);
  try {
    if (isNew) return 'empty';
    const rows = await db.selectFrom('settings').selectAll().execute();
    const settings = new Map(rows.map(({ name, value }) => [name, value]));
    const moving = settings.get(MOVING_SETTING);
    if (moving !== undefined) return moving === storeId ? 'moving' : 'foreign';
    if (settings.size === 0) return 'empty';
    return settings.get('store_id') === storeId ? 'own' : 'foreign';
  } finally {
    await close();
  }
}

/** Returns the ID of the installation that is being moved to a database; undefined if none is. */
export async function findMoving(db: Kysely<ControlSchema>): Promise<string | undefined> {
  const row = await db
    .selectFrom('settings')
    .select('value')
    .where('name', '=', MOVING_SETTING)
    .executeTakeFirst();
  return row?.value;
}

/** Marks a database as the target of a move, so that no server uses it until the move is complete. Rejects with StorageError. */
export async function markMoving({ db }: Pick<Control, 'db'>, storeId: string): Promise<void> {
  await db
    .insertInto('settings')
    .values({ name: MOVING_SETTING, value: storeId })
    .onConflict((conflict) => conflict.column('name').doNothing())
    .execute();
}

/** Gives a database to its installation. `settings` are added. Rejects with StorageError. */
export async function finishControl(
  { db }: Pick<Control, 'db'>,
  settings: Readonly<Record<string, string>>,
): Promise<void> {
  await db.transaction().execute(async (tx) => {
    for (const [name, value] of Object.entries(settings))
      await tx
        .insertInto('settings')
        .values({ name, value })
        .onConflict((conflict) => conflict.column('name').doUpdateSet({ value }))
        .execute();
    await tx.deleteFrom('settings').where('name', '=', MOVING_SETTING).execute();
  });
}

/**
 * Replaces what is in a marked database by all rows of another one, as of one moment, in one transaction. `onRows` is called with the rows
 * copied since the last call, and may throw to stop. Rejects with StorageError.
 */
export async function copyControl(
  source: Kysely<ControlSchema>,
  { db }: Pick<Control, 'db'>,
  onRows: (rows: number) => void,
): Promise<void> {
  await inSnapshot(source, (from) => db.transaction().execute((to) => copyTables(from, to, onRows)));
}

async function copyTables(
  from: Kysely<ControlSchema>,
  to: Kysely<ControlSchema>,
  onRows: (rows: number) => void,
): Promise<void> {
  const moving = (await findMoving(to)) ?? '';
  await sql`TRUNCATE ${sql.join(MOVED_CONTROL_TABLES.map((table) => sql.table(table)))}`.execute(to);
  await markMoving({ db: to }, moving);
  for (const table of MOVED_CONTROL_TABLES)
    for await (const rows of readMovedRows(from, table)) {
      if (rows.length > 0) await insertRows(to, table, rows);
      onRows(rows.length);
    }
}

/** Any table, with the columns that the source has. */
async function insertRows(
  to: Kysely<ControlSchema>,
  table: MovedControlTable,
  rows: readonly AnyRow[],
): Promise<void> {
  const any = to as unknown as Kysely<Record<string, AnyRow>>;
  await any.insertInto(table).values(rows).execute();
}
