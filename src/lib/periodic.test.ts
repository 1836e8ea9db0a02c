import assert from 'node:assert/strict';
import { beforeEach, describe, it, mock } from 'node:test';
import { SECOND_MS } from './durations.ts';
import { runPeriodically } from './periodic.ts';

const settle = () => new Promise((resolve) => setImmediate(resolve));

/** Returns a task whose runs the test finishes, and a log of what happened. */
function makeTask(startsNow?: boolean) {
  const started: PromiseWithResolvers<void>[] = [];
  const errors: unknown[] = [];
  const stop = runPeriodically({
    everyMs: SECOND_MS,
    run() {
      const run = Promise.withResolvers<void>();
      started.push(run);
      return run.promise;
    },
    onError: (error) => errors.push(error),
    ...(startsNow === undefined ? {} : { startsNow }),
  });
  const tick = async (ms = SECOND_MS) => {
    mock.timers.tick(ms);
    await settle();
  };
  return { started, errors, stop, tick };
}

describe('a periodic task', () => {
  beforeEach(() => {
    mock.timers.reset();
    mock.timers.enable({ apis: ['setInterval'] });
  });

  it('runs now and then once per interval', async () => {
    const { started, tick } = makeTask();
    await settle();
    assert.equal(started.length, 1);
    started[0]?.resolve();
    await tick(SECOND_MS - 1);
    assert.equal(started.length, 1);
    await tick(1);
    assert.equal(started.length, 2);
  });

  it('can leave out the first run', async () => {
    const { started, tick } = makeTask(false);
    await settle();
    assert.equal(started.length, 0);
    await tick();
    assert.equal(started.length, 1);
  });

  it('never runs twice at the same time, and makes up for the intervals it missed with one run', async () => {
    const { started, tick } = makeTask();
    await tick();
    await tick();
    await tick();
    assert.equal(started.length, 1);
    started[0]?.resolve();
    await settle();
    assert.equal(started.length, 2);
    started[1]?.resolve();
    await settle();
    assert.equal(started.length, 2);
  });

  it('reports a failed run and goes on with the next', async () => {
    const { started, errors, tick } = makeTask();
    await settle();
    started[0]?.reject(new Error('no'));
    await tick();
    assert.deepEqual(errors, [new Error('no')]);
    assert.equal(started.length, 2);
  });

  it('reports an error thrown before the first await too', async () => {
    const errors: unknown[] = [];
    const run = () => {
      throw new Error('no');
    };
    await runPeriodically({ everyMs: SECOND_MS, run, onError: (error) => errors.push(error) })();
    assert.deepEqual(errors, [new Error('no')]);
  });

  it('stops after the run in progress, and starts no other', async () => {
    const { started, stop, tick } = makeTask();
    await settle();
    let isStopped = false;
    const stopping = stop().then(() => {
      isStopped = true;
    });
    await tick();
    assert.equal(isStopped, false);
    started[0]?.resolve();
    await stopping;
    await tick();
    assert.equal(started.length, 1);
  });
});
