import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { replayLinks } from '../../../test/analytics/replay-links.ts';
import { type Link, resolveLinks } from './resolve-links.ts';

const link = (timestamp: number, anonymousId: string, appUserId: string, eventId = `e${timestamp}`): Link => ({
  anonymousId,
  appUserId,
  timestamp,
  eventId,
  verified: 1,
});
const resolve = (...links: Link[]) => Object.fromEntries(resolveLinks(links));

test('an ID belongs to the person of its earliest link, and chains are followed', () => {
  assert.deepEqual(resolve(link(2, 'a', 'v'), link(1, 'a', 'u')), { a: 'u' });
  assert.deepEqual(resolve(link(1, 'a', 'b'), link(2, 'b', 'c'), link(3, 'x', 'a')), { a: 'c', b: 'c', x: 'c' });
});

test('of two links at the same time, the one with the smaller event ID has an effect', () => {
  assert.deepEqual(resolve(link(1, 'a', 'u', 'e2'), link(1, 'a', 'v', 'e1')), { a: 'v' });
  assert.deepEqual(resolve(link(1, 'a', 'u', 'e1'), link(1, 'a', 'v', 'e2')), { a: 'u' });
});

test('a link to itself and a link that would close a circle have no effect; a later link of that ID has', () => {
  assert.deepEqual(resolve(link(1, 'a', 'a')), { a: 'a' });
  assert.deepEqual(resolve(link(1, 'a', 'u'), link(2, 'u', 'a')), { a: 'u', u: 'u' });
  assert.deepEqual(resolve(link(1, 'a', 'u'), link(2, 'u', 'a'), link(3, 'u', 'v')), { a: 'v', u: 'v' });
});

test('a chain of 100,000 IDs is resolved without overflowing the stack or taking quadratic time', () => {
  const links = Array.from({ length: 100_000 }, (_, n) => link(n, `i${n + 1}`, `i${n}`));
  const persons = resolveLinks(links);
  assert.equal(persons.get('i100000'), 'i0');
  assert.equal(new Set(persons.values()).size, 1);
});

test('equals a plain replay, whatever the order in which links arrive', () => {
  const ids = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f');
  const some = fc.record({
    anonymousId: ids,
    appUserId: ids,
    timestamp: fc.integer({ min: 0, max: 5 }),
    eventId: fc.constantFrom('1', '2', '3', '10'),
    verified: fc.constantFrom(0, 1),
  });
  fc.assert(
    fc.property(fc.array(some, { maxLength: 14 }), fc.integer({ min: 0 }), (links, seed) => {
      const shuffled = links.toSorted((one, other) => hash(one, seed) - hash(other, seed));
      const personOf = replayLinks(links);
      const resolved = resolveLinks(shuffled);
      for (const { anonymousId } of links) assert.equal(resolved.get(anonymousId), personOf(anonymousId));
    }),
    { numRuns: 500 },
  );
});

const hash = (value: unknown, seed: number) =>
  [...JSON.stringify(value)].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0) * (seed | 1)) | 0, seed);
