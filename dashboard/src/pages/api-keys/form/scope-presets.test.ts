import assert from 'node:assert/strict';
import { it } from 'node:test';
import { CEILINGS, isReservedScope, KEY_SCOPES, KEY_TYPES } from '../../../../../src/directory/scopes.ts';
import { summarizeScopes } from '../key/key-labels.ts';
import {
  countOffered,
  defaultScopes,
  findPreset,
  listOffered,
  listPresets,
  toggleScope,
} from './scope-presets.ts';

it('offers no scope above the ceiling of a type', () => {
  for (const type of KEY_TYPES) {
    for (const { id, scopes } of listPresets(type)) {
      assert.ok(scopes.length > 0, id);
      assert.deepEqual(
        scopes.filter((scope) => !CEILINGS[type].includes(scope)),
        [],
        id,
      );
    }
  }
});

it('starts server keys with the least: sending events', () => {
  assert.deepEqual(defaultScopes('server'), ['events:write']);
  assert.deepEqual(defaultScopes('client'), ['events:write']);
});

it('finds a preset in any order, and none for a custom selection', () => {
  assert.equal(
    findPreset('server', ['keys:write', 'keys:read', 'apps:write', 'project:read', 'apps:read'])?.id,
    'manage',
  );
  assert.equal(findPreset('server', ['events:write', 'audit:read']), undefined);
});

it('adds and removes one scope', () => {
  assert.deepEqual(toggleScope('server', ['events:write'], 'events:read'), ['events:write', 'events:read']);
  assert.deepEqual(toggleScope('server', ['events:write', 'events:read'], 'events:write'), ['events:read']);
});

it('offers no scope without a use, and takes it away with the first choice of single scopes', () => {
  assert.deepEqual(listOffered('server').filter(isReservedScope), []);
  assert.equal(countOffered(CEILINGS.server), listOffered('server').length);
  const fewer = toggleScope('server', CEILINGS.server, 'audit:read');
  assert.deepEqual(
    fewer,
    listOffered('server').filter((scope) => scope !== 'audit:read'),
  );
  assert.deepEqual(toggleScope('server', fewer, 'audit:read'), CEILINGS.server);
  for (const { id, scopes } of listPresets('server').filter(({ id }) => id !== 'all')) {
    assert.deepEqual(scopes.filter(isReservedScope), [], id);
  }
});

it('summarizes scopes', () => {
  assert.equal(summarizeScopes('server', KEY_SCOPES), 'All scopes');
  assert.equal(summarizeScopes('client', ['events:write']), 'events:write');
  assert.equal(summarizeScopes('server', ['events:write', 'apps:read']), '2 scopes');
});
