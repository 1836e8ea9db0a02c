import assert from 'node:assert/strict';
import { test } from 'node:test';
import { closeReason, isFinal, retryDelayMs } from './connection.ts';

test('explains why the stream ended, also for unknown codes', () => {
  assert.match(closeReason('not_signed_in'), /signed out/);
  assert.match(closeReason('something_new'), /something_new/);
  assert.match(closeReason('constructor'), /constructor/);
});

test('reconnects after a server stops or is busy, but not after access is lost', () => {
  for (const code of ['overloaded', 'storage_unavailable', 'rate_limited', 'toString']) {
    assert.equal(isFinal(code), false, code);
  }
  for (const code of ['not_signed_in', 'insufficient_scope', 'not_found'])
    assert.equal(isFinal(code), true, code);
});

test('waits longer after each refusal, up to half a minute', () => {
  assert.deepEqual([1, 2, 5, 6, 50].map(retryDelayMs), [1_000, 2_000, 16_000, 30_000, 30_000]);
});
