import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { systemClock } from '../../src/lib/clock.ts';
import { openLog } from '../../src/lib/log.ts';
import { openWarehouse } from '../../src/warehouse/open.ts';
import { createBatches } from '../support/batches.ts';
import { initByCli, startServerProcess } from '../support/child-processes.ts';
import { startFront } from '../support/clickhouse-front.ts';
import { makeTempDir } from '../support/harness.ts';
import { makeDatabase } from '../support/postgres.ts';
import { until } from '../support/until.ts';

const shared = {
  DATABASE_URL: makeDatabase(),
  CLICKHOUSE_URL: startFront(),
  APPFLOW_SECRET: randomBytes(32).toString('hex'),
  APPFLOW_LIMIT_EVENTS: 'off',
  APPFLOW_LIMIT_EVENTS_REQUESTS: 'off',
  LOG_LEVEL: 'silent',
};
const startNode = () => startServerProcess({ ...shared, APPFLOW_DATA_DIR: makeTempDir() });
const project = await initByCli({ ...shared, APPFLOW_DATA_DIR: makeTempDir() });
const { server_key: key } = project;

const batches = createBatches(key, 20);

it('waits for inserts of a node that did not release the lease, and for nothing otherwise', async () => {
  const url = startFront();
  const lease = { holder: 'a', leftMs: () => 60_000 };
  const common = { path: '/nowhere', log: openLog('silent'), clock: systemClock() };
  for (const [wasReleased, least, most] of [
    [true, 0, 9_000],
    [false, 10_000, 30_000],
  ] as const) {
    const startedMs = performance.now();
    const server = { url, storeId: 'store', lease: { ...lease, wasReleased }, onFenced: assert.fail };
    const warehouse = await openWarehouse({ ...common, server });
    const tookMs = performance.now() - startedMs;
    assert.ok(tookMs >= least && tookMs < most, `${wasReleased}: ${tookMs} ms`);
    await warehouse.close();
  }
});

describe('two nodes with the same ClickHouse server and PostgreSQL', () => {
  it('store events one after the other: the standby takes over from a node that stops, and from one that is frozen', async () => {
    let node = await startNode();
    let isOver = false;
    const loads = [1, 2, 3].map(() =>
      batches.send(
        () => node,
        () => isOver,
      ),
    );
    for (const end of ['SIGTERM', 'SIGSTOP'] as const) {
      const first = node;
      let isReady = false;
      const starting = startNode().finally(() => (isReady = true));
      await setTimeout(3_000);
      assert.equal(isReady, false, 'it waits');
      const startedMs = performance.now();
      first.child.kill(end);
      node = await starting;
      const tookMs = performance.now() - startedMs;
      assert.ok(tookMs < (end === 'SIGTERM' ? 20_000 : 75_000), `${end}: ${tookMs} ms`);
      await setTimeout(2_000);
      if (end === 'SIGSTOP') {
        first.child.kill('SIGCONT');
        await until(
          'the frozen node ends',
          () => first.child.exitCode !== null || first.child.signalCode !== null,
        );
      }
    }
    isOver = true;
    await Promise.all(loads);
    await batches.requireEachOnce(node);
    assert.ok(batches.acknowledged.length > 500, String(batches.acknowledged.length));
  });
});
