import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { inspect } from 'node:util';
import { Client } from 'pg';
import { NO_CALLER } from '../../src/control/control.ts';
import { openControl, openReadOnlyControl } from '../../src/control/open.ts';
import { MIGRATION_LOCK } from '../../src/control/open-postgres.ts';
import { STATEMENTS } from '../../src/control/postgres-pool.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { StorageError } from '../../src/lib/errors.ts';
import { openControlServices } from '../../src/server/open-services.ts';
import { runCli } from '../support/child-processes.ts';
import { cleanUp } from '../support/clean-up.ts';
import { initProject, makeConfig, makeTempDir } from '../support/harness.ts';
import { runOnServer } from '../support/postgres.ts';
import { NEEDS_POSTGRES, startPostgres } from './postgres-server.ts';

const WRITES = 40;

const placeOf = (url: string) => ({ file: `${makeTempDir()}/control.db`, url, name: 'it', startOver: '' });
const open = (url: string) => openControl(placeOf(url), systemClock());

describe('a control database in PostgreSQL', NEEDS_POSTGRES, async () => {
  if (NEEDS_POSTGRES.skip) return;
  const server = await startPostgres();
  cleanUp(server[Symbol.asyncDispose]);
  const { url } = server;

  it('is created once by two nodes that start together, and opened by both', async () => {
    const [one, other] = await Promise.all([open(url), open(url)]);
    const created = [one.migrated.length, other.migrated.length].toSorted((a, b) => a - b);
    assert.equal(created[0], 0);
    assert.ok(Number(created[1]) > 0);
    await Promise.all([one.close(), other.close()]);
  });

  it('waits for a node that upgrades it, for longer than any other statement may take', async () => {
    const holder = new Client({ connectionString: url });
    await holder.connect();
    await holder.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
    let isOpen = false;
    const opening = open(url).finally(() => {
      isOpen = true;
    });
    await sleep(STATEMENTS.answerMs + 500);
    assert.equal(isOpen, false);
    await holder.end();
    await (await opening).close();
  });

  it('shows no contents of rows in its errors, which are logged', async () => {
    const control = await open(url);
    const values = { name: 'secret@example.com', value: null as unknown as string };
    await assert.rejects(control.db.insertInto('settings').values(values).execute(), (error) => {
      assert.doesNotMatch(inspect(error), /secret@example\.com/);
      return true;
    });
    await control.close();
  });

  it('is found by doctor to be another one if it is empty beside events, and to be new if there are none', async () => {
    const config = makeConfig({ DATABASE_URL: await server.createDatabase() });
    const doctor = async (databaseUrl = '') =>
      await runCli(['doctor'], { APPFLOW_DATA_DIR: config.dataDir, DATABASE_URL: databaseUrl, PORT: '0' });
    assert.match((await doctor(config.databaseUrl)).stdout, /warning +control database: Not created yet/);
    await initProject(config);
    const services = await openControlServices(config);
    await services.requirePair();
    await services.close();
    const { code, stdout } = await doctor(await server.createDatabase());
    assert.equal(code, 1, stdout);
    assert.match(stdout, /FAILED +stores: DATABASE_URL's database is not the one that the events/);
  });

  it('is not used beside a control.db in the data folder, which would be ignored', async () => {
    const config = makeConfig();
    await (
      await openControl(
        { ...placeOf(url), file: `${config.dataDir}/control.db`, url: undefined },
        systemClock(),
      )
    ).close();
    const both = { ...config, databaseUrl: await server.createDatabase() };
    await assert.rejects(
      openControlServices(both),
      /DATABASE_URL is set, but .*control\.db contains projects/,
    );
  });

  it('carries out the writes of two nodes one after another, each with a revision of its own', async () => {
    const nodes = [await open(url), await open(url)] as const;
    const before = await nodes[0].readRevision();
    const revisions = await Promise.all(
      Array.from({ length: WRITES }, (_, index) =>
        nodes[index % 2 === 0 ? 0 : 1].write(NO_CALLER, async ({ tx, revision }) => {
          await tx
            .insertInto('settings')
            .values({ name: `write ${index}`, value: '' })
            .execute();
          return revision;
        }),
      ),
    );
    assert.deepEqual(
      revisions.toSorted((a, b) => a - b),
      Array.from({ length: WRITES }, (_, index) => before + index + 1),
    );
    for (const node of nodes) await node.close();
  });

  it('orders text by its bytes and returns whole numbers, as SQLite does', async () => {
    const control = await open(url);
    cleanUp(control.close);
    const names = ['é', 'b', 'a', 'B', '_', 'A', 'Z'];
    await control.db
      .insertInto('settings')
      .values(names.map((name) => ({ name: `order ${name}`, value: '' })))
      .execute();
    const rows = await control.db
      .selectFrom('settings')
      .select('name')
      .where('name', '>=', 'order ')
      .where('name', '<', 'order!')
      .orderBy('name')
      .execute();
    assert.deepEqual(
      rows.map(({ name }) => name.at(-1)),
      ['A', 'B', 'Z', '_', 'a', 'b', 'é'],
    );
    const largest = Number.MAX_SAFE_INTEGER;
    await control.db.insertInto('schema_migrations').values({ name: '0000', applied_at: largest }).execute();
    const [read] = await control.db
      .deleteFrom('schema_migrations')
      .where('name', '=', '0000')
      .returning('applied_at')
      .execute();
    assert.equal(read?.applied_at, largest);
  });

  it('undoes a write that fails, and reports a lost connection as unavailable', async () => {
    const control = await open(url);
    const revision = await control.readRevision();
    await assert.rejects(
      control.write(NO_CALLER, async () => {
        throw new Error('refused');
      }),
      /refused/,
    );
    assert.equal(await control.readRevision(), revision);
    await assert.rejects(
      control.write(NO_CALLER, ({ tx }) =>
        runOnServer(
          [
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE state = 'idle in transaction' AND datname = current_database()",
          ],
          url,
        ).then(() => tx.selectFrom('settings').selectAll().execute()),
      ),
      (error) => error instanceof StorageError && error.reason === 'unavailable',
    );
    assert.equal(await control.readRevision(), revision);
    await control.close();
  });

  it('is refused if a newer release created it', async () => {
    const newer = await server.createDatabase();
    await (await open(newer)).close();
    await runOnServer(["INSERT INTO schema_migrations VALUES ('9999-later', 1)"], newer);
    await assert.rejects(open(newer), /created by a newer release of Appflow \(it has 9999-later\)/);
  });

  it('is opened if a newer release has only added to it', async () => {
    const newer = await server.createDatabase();
    const control = await open(newer);
    assert.deepEqual(control.ignored, []);
    await control.close();
    await runOnServer(["INSERT INTO schema_migrations VALUES ('9998-later-additive', 1)"], newer);
    const opened = await open(newer);
    assert.deepEqual([opened.migrated, opened.ignored], [[], ['9998-later-additive']]);
    await opened.close();
    const read = await openReadOnlyControl(placeOf(newer));
    assert.deepEqual(read.unknownMigrations, []);
    await read.close();
  });

  it('is read, but not created, by commands that only read', async () => {
    const empty = await server.createDatabase();
    const control = await openReadOnlyControl(placeOf(empty));
    assert.equal(control.isNew, true);
    await control.close();
    const [tables] = await runOnServer(["SELECT * FROM pg_tables WHERE schemaname = 'public'"], empty);
    assert.deepEqual(tables, []);
  });

  it('is used by every command, and checked by doctor, which shows no password', async () => {
    const config = makeConfig({ DATABASE_URL: await server.createDatabase() });
    const { project_id } = await initProject(config);
    const env = { APPFLOW_DATA_DIR: config.dataDir, DATABASE_URL: config.databaseUrl ?? '', PORT: '0' };
    const keys = await runCli(['keys', 'list', '--project', project_id], env);
    assert.equal(keys.code, 0, keys.stderr);
    const doctor = await runCli(['doctor'], env);
    assert.match(doctor.stdout, /ok +control database: OK: 1 project, 3 API keys/);
    assert.match(doctor.stdout, /ok +audit log: OK: all \d+ entries are unchanged/);
    const wrong = { ...env, DATABASE_URL: 'postgres://someone:hunter2@127.0.0.1:1/appflow' };
    const failed = await runCli(['doctor'], wrong);
    assert.match(
      failed.stdout,
      /FAILED +control database: .*PostgreSQL cannot be used: it cannot be reached/,
    );
    assert.doesNotMatch(failed.stdout + failed.stderr, /hunter2/);
  });
});
