import assert from 'node:assert/strict';
import { it } from 'node:test';
import { makeKeyFixture } from '../../../../../test/support/dashboard-key.ts';
import { isRestorable } from '../key/restore-key.ts';
import { filterKeys } from './filter-keys.ts';

const KEYS = [
  makeKeyFixture({ id: 'key_a', name: 'Production iOS', type: 'client' }),
  makeKeyFixture({ id: 'key_b', name: 'Backend', status: 'disabled' }),
  makeKeyFixture({ id: 'key_c', name: 'Old', status: 'revoked' }),
];
const idsOf = (filter: Parameters<typeof filterKeys>[1]) => filterKeys(KEYS, filter).map(({ id }) => id);

it('shows live keys unless the URL says otherwise', () => {
  assert.deepEqual(idsOf({}), ['key_a', 'key_b']);
  assert.deepEqual(idsOf({ status: 'all' }), ['key_a', 'key_b', 'key_c']);
  assert.deepEqual(idsOf({ status: 'revoked' }), ['key_c']);
  assert.deepEqual(idsOf({ type: 'client' }), ['key_a']);
});

it('searches name, hint and ID, ignoring case', () => {
  assert.deepEqual(idsOf({ q: 'IOS' }), ['key_a']);
  assert.deepEqual(idsOf({ q: 'key_b' }), ['key_b']);
  assert.deepEqual(idsOf({ q: 'nothing' }), []);
});

it('allows restoring for 60 minutes, and never for a key that leaked or lost its secrets', () => {
  const now = Date.parse('2026-11-23T12:00:00Z');
  const at = '2026-11-01T00:00:00.000Z';
  const secret = { version: 1, hint: 'sk', created_at: at, last_used_at: null, expires_at: null };
  const revoked = (ago: number, reason: string, part: Parameters<typeof makeKeyFixture>[0] = {}) =>
    makeKeyFixture({
      ...{ revoked_at: new Date(now - ago).toISOString(), revoked_reason: reason, secrets: [secret] },
      ...part,
    });
  assert.equal(isRestorable(revoked(3_599_999, 'unused'), now), true);
  assert.equal(isRestorable(revoked(3_600_000, 'unused'), now), false);
  assert.equal(isRestorable(revoked(0, 'leaked'), now), false);
  assert.equal(isRestorable(revoked(0, 'unused', { leak_reported_at: at }), now), false);
  assert.equal(isRestorable(revoked(0, 'unused', { leak_reported_at: at, type: 'client' }), now), true);
  assert.equal(isRestorable(revoked(0, 'secret_reset', { secrets: [] }), now), false);
  assert.equal(isRestorable(revoked(0, 'unused', { revoked_at: null }), now), false);
});
