import assert from 'node:assert/strict';
import { it } from 'node:test';
import { DAY_MS } from '../../../../../src/lib/durations.ts';
import { makeKeyFixture } from '../../../../../test/support/dashboard-key.ts';
import type { ApiKey, UsageHour } from '../../../api/answers.ts';
import { countCheckedScopes, findRisks } from './safety.ts';

const NOW = Date.parse('2026-11-23T12:00:00Z');
const ago = (ms: number) => new Date(NOW - ms).toISOString();
const NO_USAGE = new Map<string, UsageHour[]>();

const kindsOf = (key: ApiKey, usage: ReadonlyMap<string, UsageHour[]> = NO_USAGE) =>
  findRisks([key], usage, NOW).map(({ kind }) => kind);

const used = (category: UsageHour['category'], ok = 1): UsageHour => ({
  hour: ago(3_600_000),
  category,
  ok,
  unauthorized: 0,
  forbidden: 0,
  limited: 0,
});

it('finds nothing for a key that expires, is used, and uses all its scopes', () => {
  assert.deepEqual(kindsOf(makeKeyFixture(), new Map([['key_1', [used('events')]]])), []);
});

it('finds server and read-only keys that never expire, but not client keys', () => {
  assert.deepEqual(kindsOf(makeKeyFixture({ expires_at: null })), ['never_expires']);
  assert.deepEqual(kindsOf(makeKeyFixture({ type: 'read_only', expires_at: null })), ['never_expires']);
  assert.deepEqual(kindsOf(makeKeyFixture({ type: 'client', expires_at: null })), []);
});

it('finds keys unused for 90 days, counted from creation if never used', () => {
  const made = ago(200 * DAY_MS);
  assert.deepEqual(kindsOf(makeKeyFixture({ created_at: made, last_used_at: ago(90 * DAY_MS) })), ['unused']);
  assert.deepEqual(kindsOf(makeKeyFixture({ created_at: made, last_used_at: ago(90 * DAY_MS - 1) })), []);
  assert.deepEqual(kindsOf(makeKeyFixture({ created_at: made, last_used_at: null })), ['unused']);
  assert.deepEqual(kindsOf(makeKeyFixture({ created_at: ago(DAY_MS), last_used_at: null })), []);
});

it('finds keys with scopes for categories they never used', () => {
  const key = makeKeyFixture({
    scopes: ['events:write', 'events:read', 'keys:write'],
    created_at: ago(30 * DAY_MS),
  });
  const usage = new Map([['key_1', [used('events')]]]);
  const [finding] = findRisks([key], usage, NOW);
  assert.ok(finding?.kind === 'too_wide');
  assert.deepEqual(finding.used, ['events']);
  assert.deepEqual(finding.unusedScopes, ['events:read', 'keys:write']);
  const newer = { ...key, created_at: ago(30 * DAY_MS - 1) };
  assert.deepEqual(kindsOf(newer, usage), [], 'the last 30 days are not over for it');
});

it('has no finding on scopes for keys without known or successful usage', () => {
  const key = makeKeyFixture({ scopes: ['events:write', 'keys:write'] });
  assert.deepEqual(kindsOf(key), []);
  assert.deepEqual(kindsOf(key, new Map([['key_1', []]])), []);
  assert.deepEqual(kindsOf(key, new Map([['key_1', [used('events', 0)]]])), []);
});

it('counts only used server keys with known usage as checked', () => {
  const keys = [
    makeKeyFixture({ id: 'known' }),
    makeKeyFixture({ id: 'unknown' }),
    makeKeyFixture({ id: 'never', last_used_at: null }),
    makeKeyFixture({ id: 'dead', status: 'revoked' }),
    makeKeyFixture({ id: 'client', type: 'client' }),
  ];
  const usage = new Map(['known', 'dead', 'client'].map((id) => [id, [used('events')]]));
  assert.deepEqual(countCheckedScopes(keys, usage), { compared: 1, used: 2 });
});

it('lists leaks first, of active client keys and of recently revoked keys', () => {
  const leaked = makeKeyFixture({ id: 'key_2', type: 'client', leak_reported_at: ago(DAY_MS) });
  const forever = makeKeyFixture({ expires_at: null });
  assert.deepEqual(
    findRisks([forever, leaked], NO_USAGE, NOW).map(({ kind }) => kind),
    ['leaked', 'never_expires'],
  );
  const dead = (days: number) =>
    makeKeyFixture({ status: 'revoked', revoked_reason: 'leaked', revoked_at: ago(days * DAY_MS) });
  assert.deepEqual(kindsOf(dead(30)), ['leaked']);
  assert.deepEqual(kindsOf(dead(31)), []);
});

it('has no findings for expired and revoked keys', () => {
  for (const status of ['revoked', 'expired'] as const) {
    assert.deepEqual(
      kindsOf(makeKeyFixture({ status, expires_at: null, last_used_at: ago(400 * DAY_MS) })),
      [],
    );
  }
});
