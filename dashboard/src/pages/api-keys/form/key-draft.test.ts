import assert from 'node:assert/strict';
import { it } from 'node:test';
import { makeKeyFixture } from '../../../../../test/support/dashboard-key.ts';
import type { ApiKey } from '../../../api/answers.ts';
import { findDraftErrors, newDraft, splitLines, toDraft, toKeyChange, toNewKey } from './key-draft.ts';

const NOW = Date.parse('2026-11-23T12:00:00Z');

it('splits lists at line breaks and commas, each entry once', () => {
  assert.deepEqual(splitLines(' 10.0.0.1\n10.0.0.2, 10.0.0.1\n\n'), ['10.0.0.1', '10.0.0.2']);
  assert.deepEqual(splitLines(' \n'), []);
});

it('creates what the form says, with only the restrictions of its type', () => {
  const draft = {
    ...newDraft('client', null, ' Production iOS '),
    bundleIds: 'com.acme.notes',
    allowedSdks: ['posthog'] as const,
    origins: 'https://x.example',
  };
  assert.deepEqual(toNewKey(draft, NOW), {
    name: 'Production iOS',
    type: 'client',
    expires_at: null,
    ip_allowlist: [],
    bundle_ids: ['com.acme.notes'],
    allowed_sdks: ['posthog'],
    rate_limits: null,
  });
});

it('sends scopes and apps only if they restrict the key', () => {
  const body = toNewKey({ ...newDraft('server', null, 'x'), appIds: ['app_1'] }, NOW);
  assert.deepEqual(body.scopes, ['events:write']);
  assert.deepEqual(body.app_ids, ['app_1']);
  assert.equal('scopes' in toNewKey(newDraft('read_only', null, 'x'), NOW), false);
});

it('returns the errors that keep a draft from being sent', () => {
  const draft = newDraft('server', null, 'x');
  assert.deepEqual(findDraftErrors(draft, NOW), {});
  assert.ok(findDraftErrors({ ...draft, name: '  ' }, NOW).name);
  assert.ok(findDraftErrors({ ...draft, scopes: [] }, NOW).scopes);
  assert.equal(findDraftErrors({ ...draft, allowedSdks: [] }, NOW).sdks, 'Select at least one SDK.');
  assert.deepEqual(findDraftErrors({ ...draft, allowedSdks: ['appflow'] }, NOW), {});
  assert.ok(findDraftErrors({ ...draft, expiry: 'date' }, NOW).expiry);
  assert.ok(findDraftErrors({ ...draft, expiry: 'date', expiryDate: '2026-11-20' }, NOW).expiry);
});

it('sends the SDKs of a client key only if they were changed, and null for all of them', () => {
  const key = makeKeyFixture({ type: 'client', allowed_sdks: ['segment'] });
  assert.deepEqual(toKeyChange(key, toDraft(key), NOW), {});
  assert.deepEqual(toKeyChange(key, { ...toDraft(key), allowedSdks: ['appflow', 'segment'] }, NOW), {
    allowed_sdks: ['appflow', 'segment'],
  });
  assert.deepEqual(toKeyChange(key, { ...toDraft(key), allowedSdks: null }, NOW), { allowed_sdks: null });
});

it('reads a key of an older server, which has no allowed SDKs, as one that allows all', () => {
  const { allowed_sdks: _, ...key } = makeKeyFixture({ type: 'client' });
  assert.equal(toDraft(key as ApiKey).allowedSdks, null);
});

it('sends nothing if nothing was changed', () => {
  const key = makeKeyFixture({ ip_allowlist: ['10.0.0.0/8'], expires_at: '2027-03-04T05:06:07.890Z' });
  assert.deepEqual(toKeyChange(key, toDraft(key), NOW), {});
});

it('sends only changed fields', () => {
  const key = makeKeyFixture({ ip_allowlist: ['10.0.0.0/8'] });
  const draft = { ...toDraft(key), name: 'New name', expiry: 'never' as const, addresses: '' };
  assert.deepEqual(toKeyChange(key, draft, NOW), { name: 'New name', expires_at: null, ip_allowlist: [] });
});
