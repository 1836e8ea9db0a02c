import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { sql } from 'kysely';
import { cleanUp } from '../../test/support/clean-up.ts';
import { systemClock } from '../lib/clock.ts';
import { createMarkedWrites } from './marked-writes.ts';
import { openSqliteControl } from './open-sqlite.ts';

const dir = mkdtempSync(join(tmpdir(), 'appflow-control-'));
const control = await openSqliteControl(join(dir, 'control.db'), systemClock());
cleanUp(async () => {
  await control.close();
  rmSync(dir, { recursive: true, force: true });
});

it('takes a COMMIT that fails in SQLite as undone, so that the next read and write need no answer first', async () => {
  const outcomes: string[] = [];
  const expected = {
    onSaved: () => void outcomes.push('saved'),
    onUndone: () => void outcomes.push('undone'),
  };
  const writes = createMarkedWrites(control, systemClock());
  const failing = writes.run(async (tx) => {
    // Foreign keys are then checked by COMMIT.
    await sql`PRAGMA defer_foreign_keys = ON`.execute(tx);
    await sql`CREATE TABLE IF NOT EXISTS parents (id INTEGER PRIMARY KEY)`.execute(tx);
    await sql`CREATE TABLE IF NOT EXISTS children (parent INTEGER REFERENCES parents (id))`.execute(tx);
    await sql`INSERT INTO children VALUES (1)`.execute(tx);
  }, expected);
  await assert.rejects(failing, /FOREIGN KEY/);
  assert.deepEqual(outcomes, ['undone']);
  const before = control.countStatements();
  await writes.settle();
  assert.equal(control.countStatements(), before, 'nothing is asked');
  await writes.run(async () => {}, expected);
  assert.deepEqual(outcomes, ['undone', 'saved']);
  assert.deepEqual(await control.db.selectFrom('flush_marks').selectAll().execute(), []);
});
