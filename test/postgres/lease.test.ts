import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { sql } from 'kysely';
import type { Control } from '../../src/control/control.ts';
import { databaseNow } from '../../src/control/dialect.ts';
import { type LeaseOptions, takeLease } from '../../src/control/lease.ts';
import { openControl } from '../../src/control/open.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { openLog } from '../../src/lib/log.ts';
import { cleanUp } from '../support/clean-up.ts';
import { makeTempDir } from '../support/harness.ts';
import { makeDatabase } from '../support/postgres.ts';
import { until } from '../support/until.ts';
import { NEEDS_POSTGRES } from './postgres-server.ts';

const log = openLog('silent');

async function open(url: string | undefined): Promise<Control> {
  const file = `${makeTempDir()}/control.db`;
  const place = { file, url, name: 'it', startOver: '' };
  const control = await openControl(place as Parameters<typeof openControl>[0], systemClock());
  cleanUp(control.close);
  return control;
}

for (const engine of ['SQLite', 'PostgreSQL'] as const) {
  describe(`a lease in ${engine}`, engine === 'PostgreSQL' ? NEEDS_POSTGRES : {}, async () => {
    if (engine === 'PostgreSQL' && NEEDS_POSTGRES.skip) return;
    const control = await open(engine === 'PostgreSQL' ? makeDatabase() : undefined);
    const take = (options: Partial<LeaseOptions> = {}) => {
      const usual = { control, name: 'it', ttlMs: 60_000, waitMs: 0, onLost: assert.fail, log };
      return takeLease({ ...usual, ...options });
    };
    const expire = () => control.db.updateTable('leases').set({ until: sql<number>`1` }).execute();

    it('is held by one of many processes that want it at the same time', async () => {
      const taken = await Promise.all(Array.from({ length: 10 }, () => take()));
      const [lease, ...others] = taken.filter((one) => one !== undefined);
      assert.equal(others.length, 0);
      assert.equal(lease?.wasReleased, true);
      assert.ok((lease?.leftMs() ?? 0) > 50_000 && (lease?.leftMs() ?? 0) <= 60_000);
      await lease?.release(true);
      assert.ok((lease?.leftMs() ?? 0) < 0);
    });

    it('goes immediately to a process that waits when it is released, which says whether anything may still be going on', async () => {
      const first = await take();
      const waiting = take({ waitMs: 60_000 });
      await first?.release(true);
      const second = await waiting;
      assert.equal(second?.wasReleased, true);
      await second?.release(false);
      const third = await take();
      assert.equal(third?.wasReleased, false);
      await third?.release(true);
    });

    it('is free if its end is later than any lease has, because the clock was ahead when it was taken', async () => {
      const far = (ms: number) => sql<number>`${databaseNow(control.db)} + ${sql.lit(ms)}`;
      await control.db
        .updateTable('leases')
        .set({ until: far(119_000) })
        .execute();
      assert.equal(await take(), undefined);
      await control.db
        .updateTable('leases')
        .set({ until: far(121_000) })
        .execute();
      await (await take())?.release(true);
      assert.ok(await take().then((lease) => lease?.release(true).then(() => true)));
    });

    it('is renewed for as long as its process runs', async () => {
      const lease = await take({ ttlMs: 300 });
      const first = await control.db.selectFrom('leases').select('until').executeTakeFirstOrThrow();
      await until('it is renewed', async () => {
        const row = await control.db.selectFrom('leases').select('until').executeTakeFirstOrThrow();
        return row.until > first.until;
      });
      await lease?.release(true);
    });

    it('that was not renewed in time is taken by another process, which knows that; the first one notices and keeps nothing', async () => {
      let isLost = false;
      const first = await take({ ttlMs: 3_000, onLost: () => (isLost = true) });
      await expire();
      const second = await take();
      assert.equal(second?.wasReleased, false);
      await until('it is noticed', async () => isLost);
      assert.ok((first?.leftMs() ?? 0) < 0);
      await first?.release(true);
      assert.equal(await take(), undefined, 'the first one releases nothing of the second');
      await second?.release(true);
    });
  });
}
