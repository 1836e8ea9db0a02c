import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createTextStore } from './text-store.ts';

const PAGE_BYTES = 64;

test('returns the last text of each number, whatever is replaced, in pages of any fill', () => {
  const text = fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 40 }),
    fc.string({ unit: 'grapheme-ascii', minLength: PAGE_BYTES - 10, maxLength: PAGE_BYTES + 10 }),
  );
  const changes = fc.array(fc.tuple(fc.integer({ min: 0, max: 12 }), text), { maxLength: 300 });
  fc.assert(
    fc.property(changes, (all) => {
      const store = createTextStore(PAGE_BYTES);
      const reference = new Map<number, string>();
      let count = 0;
      for (const [wanted, value] of all) {
        // Numbers are given in order.
        const number = Math.min(wanted, count);
        count = Math.max(count, number + 1);
        store.set(number, value);
        reference.set(number, value);
        for (const [known, expected] of reference) assert.equal(store.get(known), expected);
      }
    }),
  );
});

test('takes bounded memory however often texts are replaced', () => {
  const store = createTextStore(1_024);
  const fill = (round: number) => {
    for (let number = 0; number < 200; number += 1) store.set(number, `${round} ${'x'.repeat(90)} ${number}`);
  };
  fill(0);
  const once = store.countBytes();
  for (let round = 1; round < 50; round += 1) fill(round);
  assert.ok(store.countBytes() <= 2 * once + 2_048, `${store.countBytes()} bytes instead of ${once}`);
  assert.match(store.get(199), /^49 x{90} 199$/);
});

test('takes bounded memory if one text after another is replaced many times in a row', () => {
  const store = createTextStore(1_024);
  for (let number = 0; number < 200; number += 1)
    for (let round = 0; round < 20; round += 1) store.set(number, `${round} ${'x'.repeat(90)} ${number}`);
  assert.ok(store.countBytes() <= 2 * 200 * 110 + 4_096, `${store.countBytes()} bytes`);
  assert.match(store.get(0), /^19 x{90} 0$/);
});

test('stores texts of exactly a page, longer ones, and the empty one', () => {
  const store = createTextStore(PAGE_BYTES);
  const texts = [PAGE_BYTES - 9, PAGE_BYTES - 8, PAGE_BYTES - 7, 1_000, 0].map((length) =>
    'y'.repeat(length),
  );
  for (const [number, text] of texts.entries()) store.set(number, text);
  for (const [number, text] of texts.entries()) assert.equal(store.get(number), text);
});

test('compares the start of a text, and never reads past its end', () => {
  const store = createTextStore(PAGE_BYTES);
  store.set(0, '["key_1",');
  store.set(1, '["key_12",');
  assert.ok(store.startsWith(0, '["key_1"'));
  assert.ok(store.startsWith(0, '["key_1",'));
  // What follows in memory is the number of the next text.
  assert.ok(!store.startsWith(0, '["key_1",\u0001'));
  assert.ok(!store.startsWith(1, '["key_1"'));
});

test('reads no text that was never stored', () => {
  const store = createTextStore();
  assert.throws(() => store.get(0));
  for (const number of [0, 1, 2]) store.set(number, 'a');
  assert.throws(() => store.get(3), /no text 3/);
});
