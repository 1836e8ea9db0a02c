import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { findControlPlace, openControl } from '../../src/control/open.ts';
import { openIngestion } from '../../src/ingestion/ingestion.ts';
import { describeRejected } from '../../src/ingestion/rejected-event.ts';
import { openUsage } from '../../src/keys/usage/usage.ts';
import { HOUR_MS } from '../../src/lib/durations.ts';
import { openLog } from '../../src/lib/log.ts';
import { cleanUp } from '../support/clean-up.ts';
import { makeClock, makeConfig } from '../support/harness.ts';
import { startProxy } from '../support/tcp-proxy.ts';
import { NEEDS_POSTGRES, startPostgres } from './postgres-server.ts';

const clock = makeClock();
// The middle of an hour, so that no test crosses one by accident.
clock.set(clock.now() - (clock.now() % HOUR_MS) + HOUR_MS / 2);
const source = { projectId: 'proj_1', keyId: 'key_1', sdkId: 'posthog' } as const;
const rejected = describeRejected(
  { event_name: 'No', app_user_id: 'u1' },
  'app_1',
  { code: 'invalid_event_name', field: 'event_name', message: 'Name it.' },
  { hasSample: true },
);
const name = { appId: 'app_1', eventName: 'order_completed', isAutomatic: false, count: 1 };
const sentNames = ['Order Completed', 'order-completed'].map((sentName) => ({ ...name, sentName }));
const batch = {
  ...source,
  rows: [{ app_id: 'app_1', sdk: '', event_name: 'a' }],
  stored: [true],
  rejected: [rejected],
};
const found = { key: { id: 'key_1', bundleIds: [] }, secret: { version: 1 } } as never;
const everything = {
  ...{ projectId: 'proj_1', code: undefined, keyId: undefined },
  ...{ sdkId: undefined, appIds: undefined },
};
const log = openLog('silent');
/** Of the transactions of a flush. */
const [COMMIT_OF_COUNTS, COMMIT_OF_SAMPLES] = [1, 2];
/** Of a flush without samples. */
const COMMIT_OF_NAMES = 2;
const hours = () => ({ ...everything, from: 0, to: clock.now() + 1, intervalMs: HOUR_MS });
const page = { before: undefined, limit: 10 };

describe('a connection to PostgreSQL that is lost at COMMIT', NEEDS_POSTGRES, async () => {
  if (NEEDS_POSTGRES.skip) return;
  const postgres = await startPostgres();
  cleanUp(postgres[Symbol.asyncDispose]);
  const proxy = await startProxy(postgres.port);
  cleanUp(proxy[Symbol.asyncDispose]);

  async function openOne(url: string) {
    const control = await openControl(findControlPlace(makeConfig({ DATABASE_URL: url })), clock);
    const usage = await openUsage(control, clock, log);
    const ingestion = openIngestion(control, clock, log);
    const close = () => Promise.all([usage.close(), ingestion.close()]).then(control.close);
    return { control, usage, ingestion, close };
  }

  /** Opens two processes: one with connections that the proxy can break, and one that sees what is stored. */
  async function open() {
    const url = new URL(await postgres.createDatabase());
    const other = await openOne(url.href);
    url.port = String(proxy.port);
    const broken = await openOne(url.href);
    return { url, broken, other, closeAll: () => Promise.all([broken.close(), other.close()]) };
  }

  for (const fate of ['after', 'before'] as const) {
    const name = `${fate} PostgreSQL received it`;

    it(`counts events once, and keeps each sample once, ${name}`, async () => {
      const { broken, other, closeAll } = await open();
      const { ingestion } = broken;
      ingestion.countBatch(batch);
      for (const nth of [COMMIT_OF_COUNTS, COMMIT_OF_SAMPLES]) {
        ingestion.countBatch({ ...batch, rejected: [] });
        proxy.breakAt('commit', fate, nth);
        await assert.rejects(ingestion.flush(), { name: 'StorageError' });
        const [counts] = (await ingestion.listCounts(hours())) ?? [];
        assert.equal(counts?.rejected, 1);
        assert.equal((await ingestion.listSamples(everything, page)).length, 1);
      }
      await ingestion.flush();
      const [stored] = (await other.ingestion.listCounts(hours())) ?? [];
      assert.deepEqual([stored?.accepted, stored?.rejected], [3, 1]);
      assert.equal((await other.ingestion.listSamples(everything, page)).length, 1);
      await closeAll();
    });

    it(`counts the names of events once, ${name}`, async () => {
      const { broken, other, closeAll } = await open();
      const { ingestion } = broken;
      ingestion.countBatch({ ...batch, rejected: [], sentNames });
      proxy.breakAt('commit', fate, COMMIT_OF_NAMES);
      await assert.rejects(ingestion.flush(), { name: 'StorageError' });
      ingestion.countBatch({ ...batch, rejected: [], sentNames });
      await ingestion.flush();
      const [collision] = await other.ingestion.listCollisions(everything);
      assert.deepEqual([collision?.nameCount, collision?.events], [2, 4]);
      await closeAll();
    });

    it(`counts requests with a key once, ${name}`, async () => {
      const { broken, url, closeAll } = await open();
      const { usage } = broken;
      const use = () => usage.count(usage.touch(found, '10.0.0.1', {}), 'events', 200);
      use();
      proxy.breakAt('commit', fate);
      await assert.rejects(usage.flush(), { name: 'StorageError' });
      use();
      const sumOf = async (one: typeof usage) =>
        (await one.listHours('key_1', 0, clock.now() + 1)).reduce((sum, { ok }) => sum + ok, 0);
      assert.deepEqual([await sumOf(usage), usage.find('key_1').requestCount], [2, 2]);
      await usage.flush();
      const restarted = await openOne(url.href);
      for (const one of [usage, restarted.usage])
        assert.deepEqual([await sumOf(one), one.find('key_1').requestCount], [2, 2]);
      await restarted.close();
      await closeAll();
    });
  }

  it('leaves no mark behind when a process stops', async () => {
    const { broken, other } = await open();
    broken.ingestion.countBatch(batch);
    broken.usage.count(broken.usage.touch(found, '10.0.0.1', {}), 'events', 200);
    await Promise.all([broken.ingestion.flush(), broken.usage.flush()]);
    const marks = () => other.control.db.selectFrom('flush_marks').selectAll().execute();
    assert.equal((await marks()).length, 2);
    await broken.close();
    assert.deepEqual(await marks(), []);
    await other.close();
  });
});
