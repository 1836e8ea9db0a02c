import assert from 'node:assert/strict';
import { it } from 'node:test';
import { DAY_MS } from '../lib/durations.ts';
import { type ApiKey, statusOf } from './key.ts';

const NOW = Date.parse('2026-11-22T12:00:00Z');

function key(fields: Partial<ApiKey>): ApiKey {
  return {
    id: 'key_1',
    projectId: 'proj_1',
    type: 'server',
    name: 'Test',
    scopes: null,
    granted: new Set(),
    appIds: null,
    expiresAt: null,
    ipAllowlist: [],
    allowedOrigins: [],
    bundleIds: [],
    allowedSdks: null,
    metadata: {},
    disabled: false,
    createdAt: 0,
    createdBy: 'cli',
    revokedAt: null,
    revokedBy: null,
    revokedReason: null,
    rateLimits: null,
    leakReportedAt: null,
    isProjectDeleted: false,
    secrets: [],
    revision: 1,
    ...fields,
  };
}

it('is active without an expiry, and until 30 days before it', () => {
  assert.equal(statusOf(key({}), NOW), 'active');
  assert.equal(statusOf(key({ expiresAt: NOW + 30 * DAY_MS + 1 }), NOW), 'active');
});

it('is expiring from exactly 30 days before its expiry to the last millisecond', () => {
  assert.equal(statusOf(key({ expiresAt: NOW + 30 * DAY_MS }), NOW), 'expiring');
  assert.equal(statusOf(key({ expiresAt: NOW + 1 }), NOW), 'expiring');
});

it('is expired from exactly its expiry on', () => {
  assert.equal(statusOf(key({ expiresAt: NOW }), NOW), 'expired');
  assert.equal(statusOf(key({ expiresAt: NOW - 1 }), NOW), 'expired');
});

it('returns the strongest state: revoked, then expired, then disabled', () => {
  assert.equal(statusOf(key({ disabled: true }), NOW), 'disabled');
  assert.equal(statusOf(key({ disabled: true, expiresAt: NOW + 1 }), NOW), 'disabled');
  assert.equal(statusOf(key({ disabled: true, expiresAt: NOW }), NOW), 'expired');
  assert.equal(statusOf(key({ disabled: true, expiresAt: NOW, revokedAt: 0 }), NOW), 'revoked');
});
