import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Buckets, createBuckets, readBucket, writeBucket } from './buckets.ts';
import type { Bucket } from './debt.ts';
import type { PolicyName } from './limit.ts';

const STEPS_FOR_ALL = 5000;

const find = (buckets: Buckets, policy: PolicyName, name: string) => readBucket(buckets.locate(policy, name));
const put = (buckets: Buckets, policy: PolicyName, name: string, bucket: Bucket) =>
  writeBucket(buckets.locate(policy, name), bucket);

type Step = { kind: 'put'; key: number; us: number } | { kind: 'sweep'; us: number };

const us = fc.integer({ min: 0, max: 1000 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 20,
    arbitrary: fc.record({ kind: fc.constant('put'), key: fc.integer({ min: 0, max: 2000 }), us }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('sweep'), us }) },
);

/** The reference implementation: a plain map that is scanned in full. */
function replayPlainly(steps: readonly Step[]): Map<string, number> {
  const plain = new Map<string, number>();
  for (const next of steps) {
    if (next.kind === 'put') plain.set(`key ${next.key}`, next.us);
    else for (const [keyId, dueUs] of plain) if (dueUs < next.us) plain.delete(keyId);
  }
  return plain;
}

test('contains what a plain map contains, through any writes and sweeps', () => {
  const sequences = fc.array(step, { minLength: 1000, maxLength: 3000, size: 'max' });
  fc.assert(
    fc.property(sequences, (steps) => {
      const buckets = createBuckets();
      for (const next of steps) {
        if (next.kind === 'sweep') buckets.sweep(next.us, STEPS_FOR_ALL);
        else put(buckets, 'events', `key ${next.key}`, { us: next.us, ticks: next.us % 3, unitUs: 7 });
      }
      const plain = replayPlainly(steps);
      assert.equal(buckets.count(), plain.size);
      for (const [keyId, dueUs] of plain) {
        assert.deepEqual(find(buckets, 'events', keyId), { us: dueUs, ticks: dueUs % 3, unitUs: 7 });
      }
    }),
    { numRuns: 40 },
  );
});

test('a bucket is full, and so absent, until it is written', () => {
  assert.equal(find(createBuckets(), 'events', 'key'), undefined);
});

test('a bucket named twice before it is first written is one bucket', () => {
  const buckets = createBuckets();
  const [one, same] = [buckets.locate('events', 'key'), buckets.locate('events', 'key')];
  writeBucket(one, { us: 10, ticks: 0, unitUs: 5 });
  writeBucket(same, { us: 15, ticks: 0, unitUs: 5 });
  assert.equal(buckets.count(), 1);
  assert.equal(find(buckets, 'events', 'key')?.us, 15);
});

test('no shard gets twice its share of ids created together, of IPv4 addresses, or of the /64s of one network', () => {
  const groups = [
    (index: number) => `key_01K5Z8QJ3V7T2M${String(index).padStart(12, '0')}`,
    (index: number) => `key_1 198.51.${index >> 8}.${index & 255}`,
    (index: number) => `key_1 2001:db8:0:${index.toString(16)}::/64`,
  ];
  for (const nameOf of groups) {
    const buckets = createBuckets();
    const sizes = new Map<unknown, number>();
    for (let index = 0; index < 6400; index += 1) {
      const { shard } = buckets.locate('events-ip', nameOf(index));
      sizes.set(shard, (sizes.get(shard) ?? 0) + 1);
    }
    assert.ok(Math.max(...sizes.values()) < 200, `${nameOf(1)}: ${[...sizes.values()]}`);
  }
});

test('each policy has separate buckets, and a sweep covers all of them', () => {
  const buckets = createBuckets();
  put(buckets, 'events', 'key', { us: 10, ticks: 0, unitUs: 5 });
  put(buckets, 'analytics', 'key', { us: 20, ticks: 0, unitUs: 5 });
  assert.deepEqual(find(buckets, 'events', 'key'), { us: 10, ticks: 0, unitUs: 5 });
  buckets.sweep(20, STEPS_FOR_ALL);
  assert.equal(find(buckets, 'events', 'key'), undefined);
  assert.deepEqual(
    find(buckets, 'analytics', 'key'),
    { us: 20, ticks: 0, unitUs: 5 },
    'due now, maybe with ticks to go',
  );
  buckets.sweep(21, STEPS_FOR_ALL);
  assert.equal(buckets.count(), 0);
});

test('a sweep does no more work than requested', () => {
  const buckets = createBuckets();
  for (let index = 0; index < 1000; index += 1)
    put(buckets, 'events', `key ${index}`, { us: 0, ticks: 0, unitUs: 5 });
  const before = buckets.count();
  buckets.sweep(1, 8);
  assert.ok(before - buckets.count() <= 8);
});
