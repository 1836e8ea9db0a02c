import assert from 'node:assert/strict';
import { it } from 'node:test';
import { CEILINGS, KEY_SCOPES, KEY_TYPES } from '../../../../../src/directory/scopes.ts';
import { summarizeScopes } from '../key/key-labels.ts';
import { defaultScopes, findPreset, listPresets, toggleScope } from './scope-presets.ts';

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

it('returns to the whole ceiling when the scope that was removed is added again', () => {
  const fewer = toggleScope('server', CEILINGS.server, 'users:delete');
  assert.deepEqual(
    fewer,
    CEILINGS.server.filter((scope) => scope !== 'users:delete'),
  );
  assert.deepEqual(toggleScope('server', fewer, 'users:delete'), CEILINGS.server);
});

it('summarizes scopes', () => {
  assert.equal(summarizeScopes('server', KEY_SCOPES), 'All scopes');
  assert.equal(summarizeScopes('client', ['events:write']), 'events:write');
  assert.equal(summarizeScopes('server', ['events:write', 'apps:read']), '2 scopes');
});
