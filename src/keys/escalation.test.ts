import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { KeyPermissions } from '../api/caller.ts';
import { effectiveScopes, type KeyType, type Scope } from '../directory/scopes.ts';
import { findEscalation } from './escalation.ts';

type Part = { type?: KeyType; scopes?: Scope[] } & Partial<Omit<KeyPermissions, 'type' | 'granted'>>;

function permissionsOf({ type = 'server', scopes, ...rest }: Part = {}): KeyPermissions {
  return {
    type,
    granted: effectiveScopes(type, scopes ?? null),
    appIds: null,
    expiresAt: null,
    ipAllowlist: [],
    rateLimits: null,
    ...rest,
  };
}

const FREE = { maxKeyLifetimeDays: null, limits: { project: null, installation: {} } };
const LIMITED = { ...FREE, maxKeyLifetimeDays: 10 };
const NOON = Date.parse('2026-11-22T12:00:00Z');

/** The permissions of the caller, those of the key to create, and in what these exceed the caller's. */
const TABLE: [what: string, caller: Part, target: Part, excess: string[]][] = [
  ['all permissions from all', {}, {}, []],
  ['the same single scope', { scopes: ['keys:write'] }, { scopes: ['keys:write'] }, []],
  ['another scope', { scopes: ['keys:write'] }, { scopes: ['apps:read'] }, ['scopes (apps:read)']],
  [
    'all scopes of another type, if they are not all covered',
    { scopes: ['keys:write', 'apps:read'] },
    { type: 'read_only' },
    ['scopes (analytics:read, project:read)'],
  ],
  [
    'a client key without events:write',
    { scopes: ['keys:write'] },
    { type: 'client' },
    ['scopes (events:write)'],
  ],
  ['a client key with events:write', { scopes: ['keys:write', 'events:write'] }, { type: 'client' }, []],
  ['some apps from all', {}, { appIds: ['a'] }, []],
  ['fewer apps', { appIds: ['a', 'b'] }, { appIds: ['b'] }, []],
  ['other apps', { appIds: ['a'] }, { appIds: ['a', 'b'] }, ['app_ids']],
  ['all apps, left out', { appIds: ['a'] }, {}, ['app_ids']],
  ['all apps for a client key', { appIds: ['a'] }, { type: 'client' }, ['app_ids']],
  ['the same expiry', { expiresAt: NOON }, { expiresAt: NOON }, []],
  ['an earlier expiry', { expiresAt: NOON }, { expiresAt: NOON - 1 }, []],
  ['an expiry one millisecond later', { expiresAt: NOON }, { expiresAt: NOON + 1 }, ['expires_at']],
  ['no expiry, left out', { expiresAt: NOON }, {}, ['expires_at']],
  ['an expiry from a key without one', {}, { expiresAt: NOON }, []],
  ['no expiry for a read-only key', { expiresAt: NOON }, { type: 'read_only' }, ['expires_at']],
  ['no expiry for a client key', { expiresAt: NOON }, { type: 'client' }, []],
  ['the same network', { ipAllowlist: ['10.0.0.0/8'] }, { ipAllowlist: ['10.0.0.0/8'] }, []],
  ['a narrower network', { ipAllowlist: ['10.0.0.0/8'] }, { ipAllowlist: ['10.1.0.0/16', '10.2.3.4'] }, []],
  ['a wider network', { ipAllowlist: ['10.1.0.0/16'] }, { ipAllowlist: ['10.0.0.0/8'] }, ['ip_allowlist']],
  ['one bit wider', { ipAllowlist: ['10.1.0.0/16'] }, { ipAllowlist: ['10.0.0.0/15'] }, ['ip_allowlist']],
  [
    'two networks from one',
    { ipAllowlist: ['10.0.0.1'] },
    { ipAllowlist: ['10.0.0.1', '10.0.0.2'] },
    ['ip_allowlist'],
  ],
  ['any address, left out', { ipAllowlist: ['10.0.0.1'] }, {}, ['ip_allowlist']],
  ['any address for a client key', { ipAllowlist: ['10.0.0.1'] }, { type: 'client' }, []],
  [
    'mapped IPv6 of an IPv4 inside',
    { ipAllowlist: ['10.0.0.0/8'] },
    { ipAllowlist: ['::ffff:10.1.2.3'] },
    [],
  ],
  ['IPv6 from IPv4', { ipAllowlist: ['0.0.0.0/0'] }, { ipAllowlist: ['::/0'] }, ['ip_allowlist']],
  ['IPv6 inside', { ipAllowlist: ['2001:db8::/32'] }, { ipAllowlist: ['2001:db8:1::/48'] }, []],
  ['an address from any', {}, { ipAllowlist: ['10.0.0.1'] }, []],
  [
    'several excesses, all listed',
    { scopes: ['keys:write'], appIds: ['a'], expiresAt: NOON, ipAllowlist: ['10.0.0.1'] },
    { type: 'read_only', scopes: ['apps:read'] },
    ['scopes (apps:read)', 'app_ids', 'expires_at', 'ip_allowlist'],
  ],
];

describe('a key that creates another', () => {
  for (const [what, caller, target, excess] of TABLE) {
    it(`${excess.length === 0 ? 'can' : 'cannot'} grant ${what}`, () => {
      assert.deepEqual(findEscalation(permissionsOf(target), permissionsOf(caller), FREE), excess);
    });
  }

  it('limits client keys to its own expiry if the project limits lifetimes', () => {
    const caller = permissionsOf({ expiresAt: NOON, ipAllowlist: ['10.0.0.1'] });
    const late = permissionsOf({ type: 'client', expiresAt: NOON + 1 });
    assert.deepEqual(findEscalation(late, caller, LIMITED), ['expires_at']);
    assert.deepEqual(findEscalation(permissionsOf({ type: 'client' }), caller, LIMITED), ['expires_at']);
    assert.deepEqual(findEscalation(permissionsOf({ type: 'client', expiresAt: NOON }), caller, LIMITED), []);
    assert.deepEqual(findEscalation(late, caller, FREE), []);
  });
});
