import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { createSecret } from '../directory/secret.ts';
import { cutBytes, SAMPLE_BYTES_MAX, toCutJson } from './cut-json.ts';

/** Bytes of `{"a":""}`. */
const FRAME = 8;

describe('the JSON of a sample', () => {
  it('is that of the event if it is short enough, to the byte', () => {
    const longest = { a: 'x'.repeat(SAMPLE_BYTES_MAX - FRAME) };
    assert.deepEqual(toCutJson(longest), { json: JSON.stringify(longest), isCut: false });
    const tooLong = { a: 'x'.repeat(SAMPLE_BYTES_MAX - FRAME + 1) };
    assert.deepEqual(toCutJson(tooLong), {
      json: JSON.stringify(tooLong).slice(0, SAMPLE_BYTES_MAX),
      isCut: true,
    });
  });

  it('is the beginning of what JSON.stringify returns, for every JSON value', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6, stringUnit: 'binary' }), (value) => {
        const whole = JSON.stringify(value).toWellFormed();
        const { json, isCut } = toCutJson(value);
        assert.equal(isCut, Buffer.byteLength(whole) > SAMPLE_BYTES_MAX);
        assert.ok(isCut ? whole.startsWith(json) : json === whole);
        assert.ok(Buffer.byteLength(json) <= SAMPLE_BYTES_MAX);
      }),
      { numRuns: 50 },
    );
  });

  it('never contains an API key or a part of one, wherever it lies', () => {
    const secret = createSecret('client');
    for (let before = SAMPLE_BYTES_MAX - 80; before < SAMPLE_BYTES_MAX + 80; before += 1) {
      const { json } = toCutJson({ a: 'x'.repeat(before), b: `${secret}${secret}`, [secret]: secret });
      assert.ok(!json.includes(secret.slice(0, 12)), json.slice(-80));
    }
    // Hints are shorter than keys, so what lies behind many keys moves forward.
    const { json } = toCutJson(Array.from({ length: 60 }, () => secret));
    assert.ok(!json.includes(secret.slice(0, 12)));
    assert.match(json, /^\["ck_af1_\w{4}…\w{4}","ck_af1_/);
  });

  it('costs about as much as it returns, however large or deep the event is', () => {
    const deep = JSON.parse(`${'['.repeat(5_000)}${']'.repeat(5_000)}`);
    assert.equal(toCutJson(deep).isCut, true);
    const large = Array.from({ length: 200_000 }, () => 'x'.repeat(20));
    const startedAt = performance.now();
    for (let round = 0; round < 100; round += 1) assert.equal(toCutJson(large).isCut, true);
    assert.ok(performance.now() - startedAt < 1_000);
  });
});

describe('cutBytes', () => {
  it('never leaves half a character', () => {
    assert.equal(cutBytes('aé', 3), 'aé');
    assert.equal(cutBytes('aé', 2), 'a');
    assert.equal(cutBytes('👍👍', 7), '👍');
    assert.equal(cutBytes('👍', 3), '');
  });
});
