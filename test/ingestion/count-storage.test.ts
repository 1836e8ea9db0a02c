import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { sql } from 'kysely';
import type { Control } from '../../src/control/control.ts';
import { readInIndexOrder } from '../../src/control/dialect.ts';
import { type CountFilter, selectRows } from '../../src/ingestion/count-store.ts';
import { COUNT_TABLES, type CountTable } from '../../src/ingestion/count-tables.ts';
import type { CountedSdkId } from '../../src/ingestion/counted-sdk.ts';
import { pruneIngestion } from '../../src/ingestion/prune.ts';
import { DAY_MS, HOUR_MS } from '../../src/lib/durations.ts';
import { openControlServices } from '../../src/server/open-services.ts';
import { makeClock, makeConfig } from '../support/harness.ts';

const clock = makeClock();
// The middle of an hour, so that no test crosses one by accident.
clock.set(clock.now() - (clock.now() % HOUR_MS) + HOUR_MS / 2);

const rowOf = (sdk: string) => ({
  ...{ project_id: 'proj_1', key_id: 'key_1', hour: clock.now() - HOUR_MS, sdk_id: 'appflow', sdk },
  ...{ app_id: 'app_1' },
  ...{ outcome: 'accepted', code: '', count: 1 },
});

/** Adds rows of one hour and key, each with its own SDK. */
async function addRows(
  { db }: Pick<Control, 'db'>,
  from: number,
  to: number,
  table: CountTable = 'ingestion_sdk_hours',
): Promise<void> {
  const { sdk: _, ...row } = rowOf('');
  const fixed = Object.entries(row).filter(
    ([column]) => column !== 'sdk_id' || table === 'ingestion_sdk_hours',
  );
  await sql`INSERT INTO ${sql.table(table)} (${sql.join(fixed.map(([column]) => sql.ref(column)))}, sdk)
    WITH RECURSIVE numbers (n) AS (SELECT ${sql.lit(from)} UNION ALL SELECT n + 1 FROM numbers WHERE n < ${sql.lit(to - 1)})
    SELECT ${sql.join(fixed.map(([, value]) => sql.lit(value)))}, 'sdk_' || n FROM numbers`.execute(db);
}

/** Counts an event twice, as nodes of the release before do. */
const countAsBefore = async ({ db }: Pick<Control, 'db'>) => {
  for (let count = 0; count < 2; count += 1)
    await sql`INSERT INTO ingestion_hours (project_id, key_id, hour, sdk, app_id, outcome, code, count)
      VALUES ('proj_1', 'key_1', ${sql.lit(clock.now() - HOUR_MS / 2)}, '', 'app_1', 'accepted', '', 1)
      ON CONFLICT (project_id, key_id, hour, sdk, app_id, outcome, code)
      DO UPDATE SET count = ingestion_hours.count + excluded.count`.execute(db);
};

describe('storing counts', () => {
  const source = { projectId: 'proj_1', keyId: 'key_1', sdkId: 'appflow' } as const;
  const batch = {
    ...source,
    rows: [{ app_id: 'app_1', sdk: '', event_name: 'a' }],
    stored: [true],
    rejected: [{ code: 'invalid_event', appId: 'app_1', sdk: '', sample: undefined }],
  };
  const filter = () => ({
    projectId: 'proj_1',
    from: 0,
    to: clock.now() + 1,
    intervalMs: HOUR_MS,
    keyId: undefined,
    sdkId: undefined,
    appIds: undefined,
  });

  it('adds up several processes, and keeps what was flushed across restarts', async () => {
    const config = makeConfig();
    const [one, other] = [await openControlServices(config, clock), await openControlServices(config, clock)];
    one.ingestion.countBatch(batch);
    other.ingestion.countBatch(batch);
    await one.ingestion.flush();
    other.ingestion.countBatch(batch);
    await Promise.all([other.ingestion.flush(), one.ingestion.flush()]);
    one.ingestion.countRefused({ ...source, appId: '', sdk: undefined, code: 'rate_limited' });
    await Promise.all([one.close(), other.close()]);
    const third = await openControlServices(config, clock);
    const [row, ...more] = (await third.ingestion.listCounts(filter())) ?? [];
    assert.deepEqual([row?.accepted, row?.rejected, row?.refused, more], [3, 3, 1, []]);
    assert.deepEqual(row?.reasons, { invalid_event: 3, rate_limited: 1 });
    await third.close();
  });

  it('counts vendors of SDKs apart, and filters by one, whether their counts are written yet or not', async () => {
    const services = await openControlServices(makeConfig(), clock);
    const { ingestion } = services;
    ingestion.countBatch(batch);
    ingestion.countBatch({ ...batch, sdkId: 'posthog', rejected: [] });
    ingestion.countRefused({ ...source, sdkId: 'posthog', appId: '', sdk: undefined, code: 'rate_limited' });
    const list = async (sdkId: CountedSdkId | undefined) =>
      (await ingestion.listCounts({ ...filter(), sdkId }))?.map((row) => [
        ...[row.sdkId, row.accepted],
        ...[row.rejected, row.refused],
      ]);
    for (const write of [() => {}, () => ingestion.flush()]) {
      await write();
      const [appflow, posthog] = [
        ['appflow', 1, 1, 0],
        ['posthog', 1, 0, 1],
      ];
      assert.deepEqual(await list(undefined), [appflow, posthog]);
      assert.deepEqual(await list('appflow'), [appflow]);
      assert.deepEqual(await list('posthog'), [posthog]);
      assert.deepEqual(await list('segment'), []);
    }
    await services.close();
  });

  it('adds what nodes of the release before count meanwhile, as that of an unknown SDK', async () => {
    const services = await openControlServices(makeConfig(), clock);
    const { control, ingestion } = services;
    ingestion.countBatch({ ...batch, rejected: [] });
    await ingestion.flush();
    await countAsBefore(control);
    const list = async (more: Partial<CountFilter>) =>
      (await ingestion.listCounts({ ...filter(), ...more }))?.map((row) => [row.sdkId, row.accepted]);
    const [appflow, unknown] = [
      ['appflow', 1],
      ['unknown', 2],
    ];
    for (const keyId of [undefined, 'key_1']) {
      assert.deepEqual(await list({ keyId }), [appflow, unknown]);
      assert.deepEqual(await list({ keyId, sdkId: 'unknown' }), [unknown]);
      assert.deepEqual(await list({ keyId, sdkId: 'appflow' }), [appflow]);
    }
    await pruneIngestion(control, clock.now() + 90 * DAY_MS);
    assert.deepEqual(await list({}), [appflow, unknown]);
    await pruneIngestion(control, clock.now() + 90 * DAY_MS + HOUR_MS);
    assert.deepEqual(await list({}), []);
    await services.close();
  });

  it('keeps what a failed flush could not write, and counts it once', async () => {
    const services = await openControlServices(makeConfig(), clock);
    const { control, ingestion } = services;
    ingestion.countBatch(batch);
    await control.db.schema.alterTable('ingestion_sdk_hours').renameTo('aside').execute();
    await assert.rejects(ingestion.flush());
    ingestion.countBatch(batch);
    await control.db.schema.alterTable('aside').renameTo('ingestion_sdk_hours').execute();
    await ingestion.flush();
    await ingestion.flush();
    assert.equal((await ingestion.listCounts(filter()))?.[0]?.accepted, 2);
    await services.close();
  });

  it('counts events whose SDK contains U+0000, which PostgreSQL refuses, with U+FFFD', async () => {
    const services = await openControlServices(makeConfig(), clock);
    const { control, ingestion } = services;
    ingestion.countBatch({
      ...batch,
      rows: [{ app_id: 'app_1', sdk: 'x\0', event_name: 'a' }],
      rejected: [],
    });
    ingestion.countRefused({ ...source, appId: '', sdk: 'x\0', code: 'rate_limited' });
    await ingestion.flush();
    const rows = await control.db.selectFrom('ingestion_sdk_hours').select(['sdk', 'outcome']).execute();
    assert.deepEqual(
      rows.map(({ sdk }) => sdk),
      ['x\ufffd', 'x\ufffd'],
    );
    await services.close();
  });

  it('drops only the counts that the database refuses', async () => {
    const services = await openControlServices(makeConfig(), clock);
    const { control, ingestion } = services;
    // The type does not allow it, and neither does the database.
    const refused = { ...batch, projectId: null as unknown as string };
    ingestion.countBatch(batch);
    ingestion.countBatch(refused);
    ingestion.countBatch({ ...batch, keyId: 'key_2' });
    await ingestion.flush();
    const rows = await control.db
      .selectFrom('ingestion_sdk_hours')
      .select(['key_id', 'outcome', 'count'])
      .execute();
    assert.equal(rows.length, 4);
    assert.ok(rows.every(({ count }) => count === 1));
    await services.close();
  });

  it('deletes hours after ninety days', async () => {
    const services = await openControlServices(makeConfig(), clock);
    services.ingestion.countBatch(batch);
    await services.ingestion.flush();
    clock.advance(90 * DAY_MS);
    await pruneIngestion(services.control, clock.now());
    assert.equal((await services.ingestion.listCounts(filter()))?.length, 1);
    clock.advance(HOUR_MS);
    await pruneIngestion(services.control, clock.now());
    assert.deepEqual(await services.ingestion.listCounts(filter()), []);
    await services.close();
  });

  it('reads more rows than one statement returns, and never returns more than 20,000', async () => {
    const services = await openControlServices(makeConfig(), clock);
    const { ingestion } = services;
    const countKeys = (from: number, to: number) => {
      for (let index = from; index < to; index += 1)
        ingestion.countBatch({ ...batch, keyId: `key_${String(index).padStart(5, '0')}` });
    };
    countKeys(0, 4_500);
    await ingestion.flush();
    const rows = (await ingestion.listCounts(filter())) ?? [];
    assert.equal(rows.length, 4_500);
    assert.ok(rows.every(({ accepted, rejected }) => accepted === 1 && rejected === 1));
    assert.equal((await ingestion.listCounts({ ...filter(), keyId: 'key_00007' }))?.length, 1);
    countKeys(4_500, 20_000);
    assert.equal((await ingestion.listCounts(filter()))?.length, 20_000);
    countKeys(20_000, 20_001);
    const folded = (await ingestion.listCounts(filter())) ?? [];
    assert.ok(folded.length <= 20_000);
    assert.equal(
      folded.reduce((sum, { accepted }) => sum + accepted, 0),
      20_001,
    );
    assert.equal(folded.filter(({ keyId }) => keyId === 'other').length, 1);
    // The key that breaks is among those with the fewest events, whether its problems are written yet or not.
    for (const write of [() => {}, () => ingestion.flush()]) {
      ingestion.countRefused({ ...source, keyId: 'key_20000', appId: '', sdk: '', code: 'rate_limited' });
      await write();
      const listed = (await ingestion.listCounts(filter())) ?? [];
      assert.equal(listed.filter(({ keyId }) => keyId === 'key_20000').length, 1);
    }
    await services.close();
  });

  it('reads 399,999 rows for an answer, and says so if there are more', async () => {
    const services = await openControlServices(makeConfig(), clock);
    const { control, ingestion } = services;
    await addRows(control, 0, 300_000);
    await addRows(control, 300_000, 399_999, 'ingestion_hours');
    const rows = (await ingestion.listCounts(filter())) ?? [];
    assert.equal(
      rows.reduce((sum, { accepted }) => sum + accepted, 0),
      399_999,
    );
    await addRows(control, 399_999, 400_000);
    assert.equal(await ingestion.listCounts(filter()), undefined);
    await services.close();
  });

  it('reads each page from an index in its order, of all keys and of one', async () => {
    const services = await openControlServices(makeConfig(), clock);
    const { control } = services;
    const asked = COUNT_TABLES.flatMap((table) => [undefined, 'key_1'].map((keyId) => ({ table, keyId })));
    for (const table of COUNT_TABLES) await addRows(control, 0, 100_000, table);
    for (const { table, keyId } of asked) {
      const select = (db: Control['db'], after?: ReturnType<typeof rowOf>) =>
        selectRows(db, table, { ...filter(), keyId }, after);
      const middle = await select(control.db, rowOf('sdk_5')).execute();
      assert.deepEqual([middle.length, middle[0]?.sdk], [2_000, 'sdk_50']);
      for (const after of [undefined, rowOf('sdk_5')]) {
        const plan = JSON.stringify(await readInIndexOrder(control.db, (db) => select(db, after).explain()));
        // SQLite calls it Sorter.
        assert.doesNotMatch(plan, /Sort/);
        // PostgreSQL would filter the rows of the hour by their position. SQLite's plan has no such word.
        assert.doesNotMatch(plan, /Filter: \(ROW/);
      }
    }
    await services.close();
  });

  it('answers between the writes of a long flush, and counts each event once', async () => {
    const services = await openControlServices(makeConfig(), clock);
    const { ingestion } = services;
    for (let index = 0; index < 3_000; index += 1) ingestion.countBatch({ ...batch, keyId: `key_${index}` });
    let isFlushed = false;
    const flushed = ingestion.flush().then(() => {
      isFlushed = true;
    });
    const rows = (await ingestion.listCounts(filter())) ?? [];
    assert.equal(isFlushed, false);
    assert.equal(rows.length, 3_000);
    assert.ok(rows.every(({ accepted }) => accepted === 1));
    await flushed;
    await services.close();
  });
});
