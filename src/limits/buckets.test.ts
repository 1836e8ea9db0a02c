import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createBuckets } from './buckets.ts';

const enoughVisits = 5000;

type Step = { kind: 'put'; key: number; us: number } | { kind: 'sweep'; us: number };

const us = fc.integer({ min: 0, max: 1000 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 20,
    arbitrary: fc.record({ kind: fc.constant('put'), key: fc.integer({ min: 0, max: 2000 }), us }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('sweep'), us }) },
);

/** The same by the plainest means: a map, all of which is looked through. */
function replayPlainly(steps: readonly Step[]): Map<string, number> {
  const plain = new Map<string, number>();
  for (const next of steps) {
    if (next.kind === 'put') plain.set(`key ${next.key}`, next.us);
    else for (const [keyId, dueUs] of plain) if (dueUs < next.us) plain.delete(keyId);
  }
  return plain;
}

test('holds what a plain map holds, through any writes and sweeps', () => {
  const sequences = fc.array(step, { minLength: 1000, maxLength: 3000, size: 'max' });
  fc.assert(
    fc.property(sequences, (steps) => {
      const buckets = createBuckets();
      for (const next of steps) {
        if (next.kind === 'sweep') buckets.sweep(next.us, enoughVisits);
        else buckets.put('events', `key ${next.key}`, { us: next.us, ticks: next.us % 3, unitUs: 7 });
      }
      const plain = replayPlainly(steps);
      assert.equal(buckets.count(), plain.size);
      for (const [keyId, dueUs] of plain) {
        assert.deepEqual(buckets.find('events', keyId), { us: dueUs, ticks: dueUs % 3, unitUs: 7 });
      }
    }),
    { numRuns: 40 },
  );
});

test('a bucket is full, so unknown, until it is written', () => {
  assert.equal(createBuckets().find('events', 'key'), undefined);
});

test('each policy has buckets of its own, and a sweep visits them all', () => {
  const buckets = createBuckets();
  buckets.put('events', 'key', { us: 10, ticks: 0, unitUs: 5 });
  buckets.put('analytics', 'key', { us: 20, ticks: 0, unitUs: 5 });
  assert.deepEqual(buckets.find('events', 'key'), { us: 10, ticks: 0, unitUs: 5 });
  buckets.sweep(20, enoughVisits);
  assert.equal(buckets.find('events', 'key'), undefined);
  assert.deepEqual(
    buckets.find('analytics', 'key'),
    { us: 20, ticks: 0, unitUs: 5 },
    'due now, maybe with ticks to go',
  );
  buckets.sweep(21, enoughVisits);
  assert.equal(buckets.count(), 0);
});

test('one sweep does no more work than it was asked to', () => {
  const buckets = createBuckets();
  for (let index = 0; index < 1000; index += 1)
    buckets.put('events', `key ${index}`, { us: 0, ticks: 0, unitUs: 5 });
  const before = buckets.count();
  buckets.sweep(1, 8);
  assert.ok(before - buckets.count() <= 8);
});
