import assert from 'node:assert/strict';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { describe, it } from 'node:test';
import { makeClock } from '../../test/support/harness.ts';
import { openLog } from '../lib/log.ts';
import { createLoopDelay } from './loop-delay.ts';
import type { Category } from './policies.ts';
import { createShedding, decideShedding } from './shedding.ts';

const CALM = { loopDelayMs: 0, queueFill: 0 };
const CATEGORIES: Category[] = ['analytics', 'management', 'events'];

const listRefused = (load: Partial<typeof CALM>) =>
  CATEGORIES.filter((category) => decideShedding(category, { ...CALM, ...load }));

describe('an overloaded server', () => {
  it('refuses nothing at 200 ms of delay and 80 % of the queue, and queries and management above that', () => {
    assert.deepEqual(listRefused({ loopDelayMs: 200, queueFill: 0.8 }), []);
    assert.deepEqual(listRefused({ loopDelayMs: 200.1 }), ['analytics', 'management']);
    assert.deepEqual(listRefused({ queueFill: 0.801 }), ['analytics', 'management']);
  });

  it('refuses events last: above 1 s of delay, and never because of the queue, which refuses them itself', () => {
    assert.deepEqual(listRefused({ loopDelayMs: 1_000 }), ['analytics', 'management']);
    assert.deepEqual(listRefused({ loopDelayMs: 1_001 }), CATEGORIES);
    assert.deepEqual(listRefused({ queueFill: 1 }), ['analytics', 'management']);
  });
});

describe('the load shedding of one server', () => {
  const EMPTY = { rows: 0, rowsMax: 100, bytes: 0, bytesMax: 1_000 };
  const open = () => {
    const clock = makeClock();
    const lines: string[] = [];
    const log = openLog('warn', (text) => text, { write: (line) => lines.push(line) });
    const state = { delayMs: 0 };
    const shedding = createShedding({ readLoopDelayMs: () => state.delayMs, clock, log });
    return { shedding, state, clock, lines };
  };

  it('detects a queue full of rows, and one full of bytes', () => {
    const { shedding } = open();
    assert.equal(shedding.refuses('analytics', { ...EMPTY, rows: 80 }), false);
    assert.equal(shedding.refuses('analytics', { ...EMPTY, rows: 81 }), true);
    assert.equal(shedding.refuses('analytics', { ...EMPTY, bytes: 801 }), true);
    assert.equal(shedding.refuses('events', { ...EMPTY, bytes: 1_000 }), false);
  });

  it('counts each refusal by category and logs refusals once per minute', () => {
    const { shedding, state, clock, lines } = open();
    state.delayMs = 500;
    for (let round = 0; round < 5; round += 1) shedding.refuses('analytics', EMPTY);
    shedding.refuses('management', EMPTY);
    shedding.refuses('events', EMPTY);
    assert.deepEqual(shedding.totals(), { analytics: 5, management: 1, events: 0 });
    assert.equal(lines.length, 1);
    clock.advance(59_999);
    shedding.refuses('analytics', EMPTY);
    assert.equal(lines.length, 1);
    clock.advance(1);
    shedding.refuses('analytics', EMPTY);
    assert.equal(lines.length, 2);
  });

  it('warns only while it refuses, naming the refused categories', () => {
    const { shedding, state } = open();
    assert.equal(shedding.findProblem(EMPTY), undefined);
    state.delayMs = 201;
    assert.match(shedding.findProblem(EMPTY) ?? '', /: analytics, management\.$/);
    state.delayMs = 2_000;
    assert.match(shedding.findProblem(EMPTY) ?? '', /: analytics, management, events\.$/);
    state.delayMs = 0;
    assert.equal(shedding.findProblem(EMPTY), undefined);
    assert.deepEqual(
      shedding.totals(),
      { analytics: 0, management: 0, events: 0 },
      'checking refuses no request',
    );
  });
});

describe('the event-loop delay', () => {
  /** An event loop whose seconds pass on command, each with a mean time between samples. */
  function openWatch() {
    const seen = { count: 0, mean: 0 };
    const log: string[] = [];
    const timers: (() => void)[] = [];
    const delay = createLoopDelay({
      histogram: {
        get count() {
          return seen.count;
        },
        get mean() {
          return seen.mean * 1_000_000;
        },
        reset: () => Object.assign(seen, { count: 0, mean: 0 }),
        enable: () => log.push('enable') > 0,
        disable: () => log.push('disable') > 0,
      },
      repeat(task, ms) {
        log.push(`every ${ms} ms`);
        timers.push(task);
        return () => log.push('ended');
      },
    });
    const second = (meanMs: number) => {
      Object.assign(seen, { count: 1, mean: meanMs });
      timers[0]?.();
      return delay.readMs();
    };
    return { delay, second, log };
  }

  it('ignores one long pause, reports delay that lasts for seconds, and ends with it', () => {
    const { delay, second } = openWatch();
    assert.equal(delay.readMs(), 0);
    assert.equal(second(1_600), 0, 'one pause');
    assert.equal(second(100), 0, 'over');
    assert.equal(second(500), 0);
    assert.equal(second(400), 300, 'the lower of two');
    assert.equal(second(700), 300);
    assert.equal(second(100), 0, 'calm again');
  });

  it('is monitored once, from the first reading until it is closed', () => {
    const { delay, log } = openWatch();
    assert.deepEqual(log, []);
    delay.readMs();
    delay.readMs();
    delay.close();
    assert.deepEqual(log, ['enable', 'every 1000 ms', 'ended', 'disable']);
  });

  it('is measured for this process', async (t) => {
    let turn = () => {};
    const histogram = monitorEventLoopDelay({ resolution: 100 });
    const delay = createLoopDelay({
      histogram,
      repeat(task) {
        turn = task;
        return () => undefined;
      },
    });
    t.after(delay.close);
    delay.readMs();
    for (let window = 0; window < 2; window += 1) {
      // The first sample after monitoring starts has nothing to compare with.
      while (histogram.count < 2) await new Promise((resolve) => setTimeout(resolve, 5));
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_000);
      while (histogram.max < 500_000_000) await new Promise((resolve) => setTimeout(resolve, 5));
      turn();
    }
    assert.ok(delay.readMs() > 0);
  });
});
