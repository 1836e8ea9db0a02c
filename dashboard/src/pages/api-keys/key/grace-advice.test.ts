import assert from 'node:assert/strict';
import { it } from 'node:test';
import { HOUR_MS } from '../../../../../src/lib/durations.ts';
import { adviseGrace } from './grace-advice.ts';

const NOW = Date.parse('2026-11-23T12:00:00Z');
const ago = (ms: number) => new Date(NOW - ms).toISOString();
const ROTATED = ago(48 * HOUR_MS);

const secret = (version: number, lastUsed: string | null, created = ROTATED) => ({
  version,
  hint: 'sk_af1_AbCd…WxYz',
  created_at: created,
  last_used_at: lastUsed,
  expires_at: null,
});

const stateOf = (newest: string | null, older: string | null) =>
  adviseGrace([secret(1, older, ago(900 * HOUR_MS)), secret(2, newest)], NOW)?.state;

it('has no advice for a key with one secret', () => {
  assert.equal(adviseGrace([secret(1, null)], NOW), undefined);
});

it('waits until the new secret is used', () => {
  assert.equal(stateOf(null, ago(HOUR_MS)), 'waiting');
  assert.equal(stateOf(null, null), 'waiting');
});

it('is safe once the new secret is in use and the old one was not used since', () => {
  assert.equal(stateOf(ago(HOUR_MS), null), 'safe');
  assert.equal(stateOf(ago(HOUR_MS), ago(49 * HOUR_MS)), 'safe');
});

it('is safe after the old secret was unused for 25 hours: a daily job has run', () => {
  assert.equal(stateOf(ago(HOUR_MS), ago(25 * HOUR_MS)), 'safe');
  assert.equal(stateOf(ago(HOUR_MS), ago(25 * HOUR_MS - 1)), 'in_use');
});
