import assert from 'node:assert/strict';
import { it } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { cleanUp } from '../../../test/support/clean-up.ts';
import { makeTempDir } from '../../../test/support/harness.ts';
import { until } from '../../../test/support/until.ts';
import { takeLease } from '../../control/lease.ts';
import { openControl } from '../../control/open.ts';
import { systemClock } from '../../lib/clock.ts';
import { openLog } from '../../lib/log.ts';
import { startElection } from './election.ts';

const log = openLog('silent');
const name = 'it';
const place = { file: `${makeTempDir()}/control.db`, url: undefined, name: 'it', startOver: '' };
const control = await openControl(place, systemClock());
cleanUp(control.close);
const take = () => takeLease({ control, name, ttlMs: 60_000, waitMs: 0, onLost: assert.fail, log });

it('waits some seconds after an attempt that failed, in which another node can take the lease, and tries again', async () => {
  const attemptsMs: number[] = [];
  const election = startElection({
    ...{ control, name, log },
    async take() {
      attemptsMs.push(performance.now());
      const lease = await take();
      if (attemptsMs.length === 1) {
        await lease?.release(false);
        throw new Error('the store could not be opened');
      }
      return lease;
    },
  });
  await until('it tries', () => attemptsMs.length === 1);
  await setTimeout(500);
  const other = await take();
  await other?.announce('http://127.0.0.1:1');
  await election.poke();
  assert.deepEqual(election.owner(), { holder: other?.holder, address: 'http://127.0.0.1:1' });
  await other?.release(true);
  await until('it tries again', () => attemptsMs.length === 2);
  const [first = 0, second = 0] = attemptsMs;
  assert.ok(second - first >= 5_000, `${second - first} ms`);
  await election.withdraw();
  await election.stop();
  assert.equal(await take(), undefined, 'it has the lease');
});

it('aborts an attempt that is running when it withdraws, and makes none afterwards', async () => {
  await control.db.deleteFrom('leases').execute();
  let attempts = 0;
  const election = startElection({
    ...{ control, name, log },
    async take(signal) {
      attempts += 1;
      await setTimeout(60_000, undefined, { signal });
      return undefined;
    },
  });
  await until('it tries', () => attempts === 1);
  const startedMs = performance.now();
  await election.withdraw();
  assert.ok(performance.now() - startedMs < 1_000);
  await setTimeout(600);
  await election.stop();
  assert.equal(attempts, 1);
});
