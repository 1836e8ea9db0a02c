import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createEventHasher, createIdFilter, type EventIdentity, eventKey, hashKey } from './id-filter.ts';

const keyOf = (event_id: string, part: Partial<EventIdentity> = {}) =>
  eventKey({ project_id: 'proj_a', app_id: 'app_a', verified: 1, event_id, ...part });

test('never reports an added id as new', () => {
  const ids = fc.array(fc.string({ minLength: 1, maxLength: 128 }), { maxLength: 2000 });
  fc.assert(
    fc.property(ids, (all) => {
      const filter = createIdFilter(100);
      const hashes = all.map((id) => hashKey(keyOf(id)));
      for (const hash of hashes) filter.add(hash);
      assert.ok(hashes.every((hash) => filter.mayHave(hash)));
      assert.equal(filter.count(), all.length);
    }),
  );
});

test('needs a lookup for less than one new id in 200 when full of consecutive ids', () => {
  const ids = 2 ** 18;
  const filter = createIdFilter(ids);
  const hash = (index: number) => hashKey(keyOf(`01JD${String(index).padStart(22, '0')}`));
  for (let index = 0; index < ids; index += 1) filter.add(hash(index));
  let maybe = 0;
  for (let index = ids; index < 2 * ids; index += 1) if (filter.mayHave(hash(index))) maybe += 1;
  assert.ok(maybe < ids / 200, `${maybe} of ${ids}`);
});

test('keeps projects, apps, and client and server keys separate', () => {
  const parts = [{}, { project_id: 'proj_b' }, { app_id: 'app_b' }, { verified: 0 }] as const;
  const hashes = parts.map((part) => hashKey(keyOf('e', part)));
  assert.equal(new Set(hashes).size, parts.length);
});

test('hashes an event as its key, whatever was hashed before it', () => {
  const hash = createEventHasher();
  const text = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme-ascii' }));
  const identities = fc.record({
    project_id: fc.constantFrom('proj_a', 'proj_b'),
    app_id: fc.constantFrom('app_a', 'app_b'),
    verified: fc.constantFrom(0, 1),
    event_id: text,
  });
  fc.assert(
    fc.property(fc.array(identities), (all) => {
      for (const one of all) assert.equal(hash(one) >>> 0, hashKey(eventKey(one)));
    }),
  );
});
