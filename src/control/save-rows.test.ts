import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { sql } from 'kysely';
import { cleanUp } from '../../test/support/clean-up.ts';
import { systemClock } from '../lib/clock.ts';
import { openSqliteControl } from './open-sqlite.ts';
import { saveRows } from './save-rows.ts';

const dir = mkdtempSync(join(tmpdir(), 'appflow-control-'));
const control = await openSqliteControl(join(dir, 'control.db'), systemClock());
cleanUp(async () => {
  await control.close();
  rmSync(dir, { recursive: true, force: true });
});
await sql`CREATE TABLE counts (name TEXT, hour INTEGER, count INTEGER CHECK (count > 0))`.execute(control.db);

type Row = { name: string; hour: number; count: number };

/** Saves rows in the empty table. Returns the names that are stored, in the order of their insertion, and how many were dropped. */
async function save(rows: readonly Row[], lockOrder?: readonly (keyof Row)[]) {
  await sql`DELETE FROM counts`.execute(control.db);
  const dropped = await control.db.transaction().execute((tx) => {
    const insert = async (some: readonly Row[]) => {
      for (const { name, hour, count } of some)
        await sql`INSERT INTO counts VALUES (${name}, ${hour}, ${count})`.execute(tx);
    };
    return saveRows(tx, rows, insert, lockOrder);
  });
  const stored = await sql<Row>`SELECT name, hour FROM counts ORDER BY rowid`.execute(control.db);
  return [stored.rows.map(({ name, hour }) => `${name}${hour}`), dropped?.count ?? 0];
}

const rowOf = (name: string, hour: number, count = 1): Row => ({ name, hour, count });

it('saves rows in the order of their key, so that nodes that lock the same rows do not deadlock', async () => {
  const rows = [rowOf('b', 2), rowOf('a', 10), rowOf('c', 1), rowOf('a', 9), rowOf('b', 1)];
  const expected = ['a9', 'a10', 'b1', 'b2', 'c1'];
  assert.deepEqual(await save(rows, ['name', 'hour']), [expected, 0]);
  assert.deepEqual(await save(rows.toReversed(), ['name', 'hour']), [expected, 0]);
});

it('keeps the order while it leaves out rows that the database rejects', async () => {
  const rows = [rowOf('d', 1), rowOf('c', 1, 0), rowOf('b', 1), rowOf('a', 1, 0), rowOf('e', 1)];
  assert.deepEqual(await save(rows, ['name', 'hour']), [['b1', 'd1', 'e1'], 2]);
});

it('saves rows that no other node adds to as they are', async () => {
  assert.deepEqual(await save([rowOf('b', 1), rowOf('a', 1)]), [['b1', 'a1'], 0]);
});
