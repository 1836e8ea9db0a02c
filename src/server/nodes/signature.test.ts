import assert from 'node:assert/strict';
import { createSecretKey } from 'node:crypto';
import { it } from 'node:test';
import { makeClock } from '../../../test/support/harness.ts';
import { CLOCK_TOLERANCE_MS, createSignatureCheck, hashBody, signRequest } from './signature.ts';

const key = createSecretKey(Buffer.alloc(32, 1));
const old = createSecretKey(Buffer.alloc(32, 2));
const request = { method: 'POST', path: '/append', holder: 'node_1' };
const bodyHash = hashBody(Buffer.from('rows'));
const clock = makeClock();
const sign = (by = key, at = clock) => signRequest(by, { ...request, bodyHash }, at);

it('accepts a signature by any of the keys, once, and says what the body must be', () => {
  const { check } = createSignatureCheck([key, old], clock);
  for (const by of [key, old]) {
    const headers = sign(by);
    assert.partialDeepStrictEqual(check(request, headers), { bodyHash });
    assert.deepEqual(check(request, headers), { refusal: 'replayed' });
  }
  assert.deepEqual(createSignatureCheck([key], clock).check(request, sign(old)), { refusal: 'forged' });
});

it('refuses a request of which anything was changed, and one for another holder of the lease', () => {
  const { check } = createSignatureCheck([key], clock);
  const headers = sign();
  for (const change of [{ method: 'GET' }, { path: '/feed' }, { holder: 'node_2' }])
    assert.deepEqual(check({ ...request, ...change }, headers), { refusal: 'forged' });
  for (const name of Object.keys(headers)) {
    assert.deepEqual(check(request, { ...headers, [name]: 'AAAA' }), { refusal: 'forged' });
    assert.deepEqual(check(request, { ...headers, [name]: undefined }), { refusal: 'malformed' });
    assert.deepEqual(check(request, { ...headers, [name]: '' }), { refusal: 'malformed' });
  }
  assert.partialDeepStrictEqual(
    check(request, headers),
    { bodyHash },
    'a refused one does not count as seen',
  );
});

it('refuses a time that is off by more than a minute, in both directions, and remembers what it accepts for as long', () => {
  const here = makeClock();
  const { check } = createSignatureCheck([key], here);
  const now = here.now();
  const at = (ms: number) => signRequest(key, { ...request, bodyHash }, { now: () => now + ms });
  assert.deepEqual(check(request, at(-CLOCK_TOLERANCE_MS - 1)), { refusal: 'stale' });
  assert.deepEqual(check(request, at(CLOCK_TOLERANCE_MS + 1)), { refusal: 'stale' });
  assert.partialDeepStrictEqual(check(request, at(-CLOCK_TOLERANCE_MS)), { bodyHash });
  const ahead = at(CLOCK_TOLERANCE_MS);
  assert.partialDeepStrictEqual(check(request, ahead), { bodyHash });
  for (const passedMs of [1, CLOCK_TOLERANCE_MS, 2 * CLOCK_TOLERANCE_MS]) {
    here.set(now + passedMs);
    check(request, at(passedMs));
    assert.deepEqual(check(request, ahead), { refusal: 'replayed' }, `${passedMs} ms later`);
  }
  here.set(now + 2 * CLOCK_TOLERANCE_MS + 1);
  check(request, at(2 * CLOCK_TOLERANCE_MS + 1));
  assert.deepEqual(check(request, ahead), { refusal: 'stale' });
});
