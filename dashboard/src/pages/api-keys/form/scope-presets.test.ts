import assert from 'node:assert/strict';
import { it } from 'node:test';
import { KEY_SCOPES, CEILINGS as SERVER_CEILINGS } from '../../../../../src/keys/scopes.ts';
import { CEILINGS, KEY_TYPE_ORDER, SCOPES, summarizeScopes } from '../key/key-labels.ts';
import { defaultScopes, findPreset, presetsOf, toggleScope } from './scope-presets.ts';

it("knows the server's scopes and ceilings", () => {
  assert.deepEqual([...SCOPES].toSorted(), [...KEY_SCOPES].toSorted());
  for (const type of KEY_TYPE_ORDER) {
    assert.deepEqual([...CEILINGS[type]].toSorted(), [...SERVER_CEILINGS[type]].toSorted(), type);
  }
});

it('offers nothing above a ceiling', () => {
  for (const type of KEY_TYPE_ORDER) {
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
  assert.equal(summarizeScopes('server', SCOPES), 'All scopes');
  assert.equal(summarizeScopes('client', ['events:write']), 'events:write');
  assert.equal(summarizeScopes('server', ['events:write', 'apps:read']), '2 scopes');
});
