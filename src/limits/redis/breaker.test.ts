import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createBreaker } from './breaker.ts';

function openBreaker() {
  let nowMs = 0;
  const breaker = createBreaker(() => nowMs);
  return {
    ...breaker,
    wait(ms: number) {
      nowMs += ms;
    },
    fail(times: number) {
      for (let call = 0; call < times; call += 1) {
        const pass = breaker.admit();
        assert.equal(pass, 'call');
        breaker.settle(pass, false);
      }
    },
  };
}

test('three failures in a row open it; two and a success do not', () => {
  const breaker = openBreaker();
  breaker.fail(2);
  assert.ok(!breaker.isOpen());
  breaker.settle('call', true);
  breaker.fail(2);
  assert.ok(!breaker.isOpen());
  breaker.fail(1);
  assert.ok(breaker.isOpen());
  assert.equal(breaker.admit(), undefined);
});

test('allows exactly one call as a probe after a second', () => {
  const breaker = openBreaker();
  breaker.fail(3);
  breaker.wait(999);
  assert.equal(breaker.admit(), undefined);
  breaker.wait(1);
  assert.equal(breaker.admit(), 'probe');
  assert.equal(breaker.admit(), undefined, 'the others wait for what it finds');
});

test('an answered probe closes it, and opening it again takes three more failures', () => {
  const breaker = openBreaker();
  breaker.fail(3);
  breaker.wait(1000);
  breaker.admit();
  breaker.settle('probe', true);
  assert.ok(!breaker.isOpen());
  breaker.fail(2);
  assert.ok(!breaker.isOpen());
});

test('a failed probe keeps it open for another second', () => {
  const breaker = openBreaker();
  breaker.fail(3);
  breaker.wait(1000);
  breaker.admit();
  breaker.settle('probe', false);
  assert.ok(breaker.isOpen());
  breaker.wait(999);
  assert.equal(breaker.admit(), undefined);
  breaker.wait(1);
  assert.equal(breaker.admit(), 'probe');
});

test('replies to calls from before it opened neither close it nor keep it open longer', () => {
  const breaker = openBreaker();
  const late = [breaker.admit(), breaker.admit()];
  assert.deepEqual(late, ['call', 'call']);
  breaker.fail(3);
  breaker.settle('call', true);
  assert.ok(breaker.isOpen());
  breaker.wait(999);
  breaker.settle('call', false);
  breaker.wait(1);
  assert.equal(breaker.admit(), 'probe');
});

test('a lost connection opens it immediately and the next call is a probe; a failed probe still waits a second', () => {
  const breaker = openBreaker();
  breaker.trip();
  assert.ok(breaker.isOpen());
  assert.equal(breaker.admit(), 'probe');
  breaker.settle('probe', false);
  breaker.trip();
  breaker.wait(999);
  assert.equal(breaker.admit(), undefined);
  breaker.wait(1);
  assert.equal(breaker.admit(), 'probe');
});
