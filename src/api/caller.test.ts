import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { effectiveScopes, type KeyType, type Scope } from '../directory/scopes.ts';
import { findEscalation } from '../keys/escalation.ts';
import type { KeyPermissions } from './caller.ts';
import { exceedsApps } from './permission.ts';

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

/** What the caller is, what it wants to make, and in what that reaches further. */
const TABLE: [what: string, caller: Part, target: Part, excess: string[]][] = [
  ['everything by everything', {}, {}, []],
  ['everything by one scope less', { scopes: ['keys:write'] }, { scopes: ['keys:write'] }, []],
  ['another scope', { scopes: ['keys:write'] }, { scopes: ['apps:read'] }, ['scopes (apps:read)']],
  [
    'the ceiling of another type that is not covered',
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
  ['some apps by all', {}, { appIds: ['a'] }, []],
  ['fewer apps', { appIds: ['a', 'b'] }, { appIds: ['b'] }, []],
  ['other apps', { appIds: ['a'] }, { appIds: ['a', 'b'] }, ['app_ids']],
  ['all apps, left out', { appIds: ['a'] }, {}, ['app_ids']],
  ['all apps for a client key', { appIds: ['a'] }, { type: 'client' }, ['app_ids']],
  ['the same end', { expiresAt: NOON }, { expiresAt: NOON }, []],
  ['an earlier end', { expiresAt: NOON }, { expiresAt: NOON - 1 }, []],
  ['one millisecond longer', { expiresAt: NOON }, { expiresAt: NOON + 1 }, ['expires_at']],
  ['no end, left out', { expiresAt: NOON }, {}, ['expires_at']],
  ['an end by an endless one', {}, { expiresAt: NOON }, []],
  ['no end for a read-only key', { expiresAt: NOON }, { type: 'read_only' }, ['expires_at']],
  ['no end for a client key', { expiresAt: NOON }, { type: 'client' }, []],
  ['the same network', { ipAllowlist: ['10.0.0.0/8'] }, { ipAllowlist: ['10.0.0.0/8'] }, []],
  ['a network inside', { ipAllowlist: ['10.0.0.0/8'] }, { ipAllowlist: ['10.1.0.0/16', '10.2.3.4'] }, []],
  ['a network around', { ipAllowlist: ['10.1.0.0/16'] }, { ipAllowlist: ['10.0.0.0/8'] }, ['ip_allowlist']],
  ['one bit wider', { ipAllowlist: ['10.1.0.0/16'] }, { ipAllowlist: ['10.0.0.0/15'] }, ['ip_allowlist']],
  [
    'one network out of two',
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
  ['IPv6 by IPv4', { ipAllowlist: ['0.0.0.0/0'] }, { ipAllowlist: ['::/0'] }, ['ip_allowlist']],
  ['IPv6 inside', { ipAllowlist: ['2001:db8::/32'] }, { ipAllowlist: ['2001:db8:1::/48'] }, []],
  ['an address by any', {}, { ipAllowlist: ['10.0.0.1'] }, []],
  [
    'too much of everything, told at once',
    { scopes: ['keys:write'], appIds: ['a'], expiresAt: NOON, ipAllowlist: ['10.0.0.1'] },
    { type: 'read_only', scopes: ['apps:read'] },
    ['scopes (apps:read)', 'app_ids', 'expires_at', 'ip_allowlist'],
  ],
];

describe('what a key may make', () => {
  for (const [what, caller, target, excess] of TABLE) {
    it(`${excess.length === 0 ? 'allows' : 'refuses'} ${what}`, () => {
      assert.deepEqual(findEscalation(permissionsOf(target), permissionsOf(caller), FREE), excess);
    });
  }

  it('holds client keys to the end of their maker where the project limits lifetimes', () => {
    const caller = permissionsOf({ expiresAt: NOON, ipAllowlist: ['10.0.0.1'] });
    const late = permissionsOf({ type: 'client', expiresAt: NOON + 1 });
    assert.deepEqual(findEscalation(late, caller, LIMITED), ['expires_at']);
    assert.deepEqual(findEscalation(permissionsOf({ type: 'client' }), caller, LIMITED), ['expires_at']);
    assert.deepEqual(findEscalation(permissionsOf({ type: 'client', expiresAt: NOON }), caller, LIMITED), []);
    assert.deepEqual(findEscalation(late, caller, FREE), []);
  });
});

it('knows whether a key reaches more apps than another', () => {
  const all = { appIds: null };
  assert.equal(exceedsApps(all, all), false);
  assert.equal(exceedsApps({ appIds: ['a'] }, all), false);
  assert.equal(exceedsApps(all, { appIds: ['a'] }), true);
  assert.equal(exceedsApps({ appIds: ['a'] }, { appIds: ['a', 'b'] }), false);
  assert.equal(exceedsApps({ appIds: ['a', 'c'] }, { appIds: ['a', 'b'] }), true);
});
