import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Client } from 'pg';
import { NO_CALLER } from '../../src/control/control.ts';
import { findControlPlace, openControl, openSoleControl } from '../../src/control/open.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { makeTempDir } from '../support/harness.ts';
import { makeDatabase, runOnServer } from '../support/postgres.ts';
import { until } from '../support/until.ts';
import { NEEDS_POSTGRES } from './postgres-server.ts';

const USE_LOCK = 0x61_70_70_66_75_73_65n;
const HOLDERS = `SELECT pid FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database
  WHERE locktype = 'advisory' AND mode = 'ExclusiveLock' AND datname = current_database()`;
const TABLES = "SELECT 1 FROM information_schema.tables WHERE table_schema = 'public'";

const placeOf = (url: string) => findControlPlace({ dataDir: makeTempDir(), databaseUrl: url });
const clock = systemClock();

describe('a process that has a PostgreSQL database alone', NEEDS_POSTGRES, () => {
  it('writes nothing once its lock was lost, because another process may have opened it', async () => {
    const url = makeDatabase();
    const sole = await openSoleControl(placeOf(url), clock);
    const write = () => sole.write(NO_CALLER, async () => 1);
    assert.equal(await write(), 1);
    await assert.rejects(openControl(placeOf(url), clock), /Wait for it to finish/);
    await runOnServer([`SELECT pg_terminate_backend(pid) FROM (${HOLDERS}) AS holders`], url);
    await until('it has noticed that', () =>
      write().then(
        () => false,
        () => true,
      ),
    );
    await assert.rejects(
      write(),
      /was lost\. Run the command again/,
      'also if another process came and went',
    );
    await sole.close();
  });

  it('keeps a release with other tables from changing them before it is refused', async () => {
    const url = makeDatabase();
    const holder = new Client({ connectionString: url });
    await holder.connect();
    await holder.query(`SELECT pg_advisory_lock(${USE_LOCK})`);
    await assert.rejects(openControl(placeOf(url), clock), /Wait for it to finish/);
    await assert.rejects(openSoleControl(placeOf(url), clock), /Stop all nodes/);
    assert.deepEqual((await runOnServer([TABLES], url))[0], []);
    await holder.end();
  });
});
