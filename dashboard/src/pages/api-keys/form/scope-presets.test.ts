import assert from 'node:assert/strict';
import { it } from 'node:test';
import { CEILINGS, KEY_SCOPES, KEY_TYPES } from '../../../../../src/directory/scopes.ts';
import { summarizeScopes } from '../key/key-labels.ts';
import { defaultScopes, findPreset, presetsOf, toggleScope } from './scope-presets.ts';

it('offers nothing above a ceiling', () => {
  for (const type of KEY_TYPES) {
    for (const { id, scopes } of presetsOf(type)) {
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

it('finds a preset whatever the order, and none for a mixture', () => {
  assert.equal(
    findPreset('server', ['keys:write', 'keys:read', 'apps:write', 'project:read', 'apps:read'])?.id,
    'manage',
  );
  assert.equal(findPreset('server', ['events:write', 'audit:read']), undefined);
});

it('adds and takes away one scope', () => {
  assert.deepEqual(toggleScope('server', ['events:write'], 'events:read'), ['events:write', 'events:read']);
  assert.deepEqual(toggleScope('server', ['events:write', 'events:read'], 'events:write'), ['events:read']);
});

it('tells scopes in few words', () => {
  assert.equal(summarizeScopes('server', KEY_SCOPES), 'All scopes');
  assert.equal(summarizeScopes('client', ['events:write']), 'events:write');
  assert.equal(summarizeScopes('server', ['events:write', 'apps:read']), '2 scopes');
});
