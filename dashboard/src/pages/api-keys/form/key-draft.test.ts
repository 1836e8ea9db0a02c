import assert from 'node:assert/strict';
import { it } from 'node:test';
import { makeKeyFixture } from '../key/key.fixture.ts';
import { changeBody, creationBody, draftOf, findDraftMistakes, linesOf, newDraft } from './key-draft.ts';

const NOW = Date.parse('2026-11-23T12:00:00Z');

it('reads a list one a line or with commas, each entry once', () => {
  assert.deepEqual(linesOf(' 10.0.0.1\n10.0.0.2, 10.0.0.1\n\n'), ['10.0.0.1', '10.0.0.2']);
  assert.deepEqual(linesOf(' \n'), []);
});

it('creates what the form says, with only the restrictions that its type knows', () => {
  const draft = {
    ...newDraft('client', null, ' Production iOS '),
    bundleIds: 'com.acme.notes',
    origins: 'https://x.example',
  };
  assert.deepEqual(creationBody(draft, NOW), {
    name: 'Production iOS',
    type: 'client',
    expires_at: null,
    ip_allowlist: [],
    bundle_ids: ['com.acme.notes'],
    rate_limits: null,
  });
});

it('sends scopes and apps only when they narrow', () => {
  const body = creationBody({ ...newDraft('server', null, 'x'), appIds: ['app_1'] }, NOW);
  assert.deepEqual(body.scopes, ['events:write']);
  assert.deepEqual(body.app_ids, ['app_1']);
  assert.equal('scopes' in creationBody(newDraft('read_only', null, 'x'), NOW), false);
});

it('names what keeps a draft from being sent', () => {
  const draft = newDraft('server', null, 'x');
  assert.deepEqual(findDraftMistakes(draft, NOW), {});
  assert.ok(findDraftMistakes({ ...draft, name: '  ' }, NOW).name);
  assert.ok(findDraftMistakes({ ...draft, scopes: [] }, NOW).scopes);
  assert.ok(findDraftMistakes({ ...draft, expiry: 'date' }, NOW).expiry);
  assert.ok(findDraftMistakes({ ...draft, expiry: 'date', expiryDate: '2026-11-20' }, NOW).expiry);
});

it('changes nothing when nothing was changed', () => {
  const key = makeKeyFixture({ ip_allowlist: ['10.0.0.0/8'], expires_at: '2027-03-04T05:06:07.890Z' });
  assert.deepEqual(changeBody(key, draftOf(key), NOW), {});
});

it('sends only what differs', () => {
  const key = makeKeyFixture({ ip_allowlist: ['10.0.0.0/8'] });
  const draft = { ...draftOf(key), name: 'New name', expiry: 'never' as const, addresses: '' };
  assert.deepEqual(changeBody(key, draft, NOW), { name: 'New name', expires_at: null, ip_allowlist: [] });
});
