import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isFinal, reasonOf, retryDelayMs } from './connection.ts';

test('says why the stream ended, codes it does not know too', () => {
  assert.match(reasonOf('not_signed_in'), /signed out/);
  assert.match(reasonOf('something_new'), /something_new/);
  assert.match(reasonOf('constructor'), /constructor/);
});

test('a server that stops or is busy does not end the stream for good; lost access does', () => {
  for (const code of ['overloaded', 'storage_unavailable', 'rate_limited', 'toString']) {
    assert.equal(isFinal(code), false, code);
  }
  for (const code of ['not_signed_in', 'insufficient_scope', 'not_found'])
    assert.equal(isFinal(code), true, code);
});

test('waits longer after each refusal, up to half a minute', () => {
  assert.deepEqual([1, 2, 5, 6, 50].map(retryDelayMs), [1_000, 2_000, 16_000, 30_000, 30_000]);
});
