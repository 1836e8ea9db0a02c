import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DAY_MS, HOUR_MS } from '../../src/lib/durations.ts';
import { openControlServices } from '../../src/server/open-services.ts';
import { makeClock, makeConfig } from '../support/harness.ts';

const clock = makeClock();
// The middle of an hour, so that no test crosses one by accident.
clock.set(clock.now() - (clock.now() % HOUR_MS) + HOUR_MS / 2);

describe('storing counts', () => {
  const source = { projectId: 'proj_1', keyId: 'key_1' };
  const batch = {
    ...source,
    rows: [{ app_id: 'app_1', sdk: '' }],
    stored: [true],
    rejected: [{ code: 'invalid_event', appId: 'app_1', sdk: '', sample: undefined }],
  };
  const filter = () => ({
    projectId: 'proj_1',
    from: 0,
    to: clock.now() + 1,
    intervalMs: HOUR_MS,
    keyId: undefined,
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

  it('keeps what a failed flush could not write, and counts it once', async () => {
    const services = await openControlServices(makeConfig(), clock);
    const { control, ingestion } = services;
    ingestion.countBatch(batch);
    await control.db.schema.alterTable('ingestion_hours').renameTo('aside').execute();
    await assert.rejects(ingestion.flush());
    ingestion.countBatch(batch);
    await control.db.schema.alterTable('aside').renameTo('ingestion_hours').execute();
    await ingestion.flush();
    await ingestion.flush();
    assert.equal((await ingestion.listCounts(filter()))?.[0]?.accepted, 2);
    await services.close();
  });

  it('deletes hours after ninety days', async () => {
    const services = await openControlServices(makeConfig(), clock);
    services.ingestion.countBatch(batch);
    await services.ingestion.flush();
    clock.advance(90 * DAY_MS);
    await services.ingestion.flush();
    assert.equal((await services.ingestion.listCounts(filter()))?.length, 1);
    clock.advance(HOUR_MS);
    await services.ingestion.flush();
    assert.deepEqual(await services.ingestion.listCounts(filter()), []);
    await services.close();
  });

  it('reads more rows than one statement returns, and refuses to return more than 20,000', async () => {
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
    assert.equal(await ingestion.listCounts(filter()), undefined);
    await services.close();
  });
});
