import assert from 'node:assert/strict';
import { test } from 'node:test';
import { throttle } from './throttle.ts';

test('runs immediately, then at most once per interval, and never loses the last call', ({ mock }) => {
  mock.timers.enable({ apis: ['setTimeout'] });
  let runs = 0;
  const { call } = throttle(() => {
    runs += 1;
  }, 1_000);
  call();
  assert.equal(runs, 1);
  call();
  call();
  mock.timers.tick(999);
  assert.equal(runs, 1);
  mock.timers.tick(1);
  assert.equal(runs, 2);
  mock.timers.tick(5_000);
  assert.equal(runs, 2);
  call();
  assert.equal(runs, 3);
});

test('does not run after it is canceled', ({ mock }) => {
  mock.timers.enable({ apis: ['setTimeout'] });
  let runs = 0;
  const { call, cancel } = throttle(() => {
    runs += 1;
  }, 1_000);
  call();
  call();
  cancel();
  mock.timers.tick(2_000);
  assert.equal(runs, 1);
});
