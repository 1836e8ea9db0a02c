import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLimit } from '../gcra/limit.ts';
import { createMemoryLimiter } from '../memory.ts';
import { createShares } from './share.ts';

const share = createShares();

test('one process of four has a quarter of the burst and of the rate', () => {
  let now = 0;
  const store = createMemoryLimiter({ nowUs: () => now });
  const limit = createLimit('analytics', { rate: 10, burst: 60 });
  const charges = share([{ limit, cost: 1, bucket: 'key' }], 4);
  const spendAll = () => {
    let passed = 0;
    while (store.charge(charges).allowed) passed += 1;
    return passed;
  };
  assert.equal(spendAll(), 15);
  now += 400_000 * 5;
  assert.equal(spendAll(), 5, '2.5 a second');
  now += 399_999;
  assert.equal(spendAll(), 0);
});

test('a single process has all of it', () => {
  const limit = createLimit('events', { rate: 0.3, burst: 50_000 });
  assert.deepEqual(share([{ limit, cost: 7, bucket: 'key' }], 1), [{ limit, cost: 7, bucket: 'key' }]);
});

test('a share never makes a possible call impossible: a burst of one stays one, and the largest batch still fits', () => {
  const one = createLimit('analytics', { rate: 1, burst: 1 });
  const events = createLimit('events', { rate: 10, burst: 2400 });
  const few = createLimit('events-ip', { rate: 10, burst: 500 });
  const requests = createLimit('events-requests', { rate: 10, burst: 2400 });
  const bursts = share(
    [one, events, few, requests].map((limit) => ({ limit, cost: 1, bucket: 'key' })),
    100,
  ).map(({ limit }) => limit.burst);
  assert.deepEqual(bursts, [1, 2000, 500, 24]);
});

test('a cost above the share takes the whole share, so that only the full limit can reject it as impossible', () => {
  const limit = createLimit('management', { rate: 1, burst: 60 });
  const costs = [14, 15, 16, 60, -3].map((cost) => share([{ limit, cost, bucket: 'key' }], 4)[0]?.cost);
  assert.deepEqual(costs, [14, 15, 15, 15, -3]);
});

test('a change in the number of processes keeps what was spent', () => {
  const store = createMemoryLimiter({ nowUs: () => 0 });
  const charges = [{ limit: createLimit('analytics', { rate: 10, burst: 60 }), cost: 1, bucket: 'key' }];
  for (let call = 0; call < 30; call += 1) assert.ok(store.charge(share(charges, 2)).allowed);
  assert.ok(!store.charge(share(charges, 2)).allowed);
  assert.ok(!store.charge(share(charges, 4)).allowed);
});
