import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { createWatchdog } from './watchdog.ts';

const TICK_MS = 5;

/** Returns a started watchdog and what it has reported. */
function startWatchdog(t: { after: (hook: () => void) => void }) {
  const watchdog = createWatchdog({ tickMs: TICK_MS, overdueTicks: 4, stuckTicks: 8 });
  const reported: string[] = [];
  const { promise: stuck, resolve } = Promise.withResolvers<void>();
  watchdog.start({
    overdue: () => reported.push('overdue'),
    stuck: () => {
      reported.push('stuck');
      resolve();
    },
  });
  t.after(watchdog.stop);
  return { watchdog, reported, stuck };
}

test('reports a statement that does not end as overdue, then as stuck, each once', async (t) => {
  const { watchdog, reported, stuck } = startWatchdog(t);
  const { promise, resolve } = Promise.withResolvers<string>();
  const outcome = watchdog.watch(() => promise);
  assert.equal(watchdog.isOverdue(), false);
  // The watchdog's own timer keeps no process alive.
  await Promise.race([stuck, setTimeout(10_000)]);
  await setTimeout(10 * TICK_MS);
  assert.deepEqual(reported, ['overdue', 'stuck']);
  assert.equal(watchdog.isOverdue(), true);
  assert.ok(watchdog.oldestMs() >= 8 * TICK_MS);
  resolve('late');
  assert.equal(await outcome, 'late');
  assert.equal(watchdog.isOverdue(), false);
  assert.equal(watchdog.oldestMs(), 0);
});

test('reports nothing while statements end, however many, also by failing', async (t) => {
  const { watchdog, reported } = startWatchdog(t);
  for (let count = 0; count < 20; count += 1) {
    await watchdog.watch(() => setTimeout(TICK_MS));
    await assert.rejects(watchdog.watch(() => Promise.reject(new Error('failed'))));
  }
  assert.deepEqual(reported, []);
  assert.equal(watchdog.oldestMs(), 0);
});

test('does not count the time that the whole process stood still', async (t) => {
  const { watchdog, reported } = startWatchdog(t);
  const outcome = watchdog.watch(() => setTimeout(2 * TICK_MS));
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 40 * TICK_MS);
  await outcome;
  assert.deepEqual(reported, []);
});
