import assert from 'node:assert/strict';
import { it } from 'node:test';
import { makeKeyFixture } from '../../../../test/support/dashboard-key.ts';
import { chooseClientKey, type KeyNeed, listClientKeys } from './choose-client-key.ts';

const NEED: KeyNeed = { sdk: 'posthog', appId: 'app_1', hasOtherApps: false };
const key = (fields: Parameters<typeof makeKeyFixture>[0]) => makeKeyFixture({ type: 'client', ...fields });
const isChosen = (fields: Parameters<typeof makeKeyFixture>[0], need: Partial<KeyNeed> = {}) =>
  chooseClientKey([key(fields)], { ...NEED, ...need }) !== undefined;

it('chooses the first client key that works', () => {
  const keys = [
    key({ id: 'key_1', status: 'revoked' }),
    key({ id: 'key_2', status: 'expiring' }),
    key({ id: 'key_3' }),
  ];
  assert.equal(chooseClientKey(keys, NEED)?.id, 'key_2');
  assert.deepEqual(
    listClientKeys(keys, NEED).map(({ id }) => id),
    ['key_2', 'key_3'],
  );
  assert.equal(chooseClientKey([], NEED), undefined);
  assert.equal(isChosen({ type: 'server' }), false);
  for (const status of ['disabled', 'expired', 'revoked'] as const) assert.equal(isChosen({ status }), false);
});

it('chooses no key that is restricted to other SDKs', () => {
  assert.equal(isChosen({ allowed_sdks: ['appflow', 'segment'] }), false);
  assert.equal(isChosen({ allowed_sdks: ['appflow', 'segment'] }, { sdk: 'appflow' }), true);
  assert.equal(isChosen({ allowed_sdks: ['posthog'] }), true);
});

it('chooses a key of one app for the SDKs of other vendors if the project has several', () => {
  for (const [app_ids, ofOne, ofSeveral] of [
    [null, true, false],
    [['app_1'], true, true],
    [['app_1', 'app_2'], true, false],
    [['app_2'], false, false],
  ] as const) {
    const fields = { app_ids: app_ids && [...app_ids] };
    assert.equal(isChosen(fields), ofOne, String(app_ids));
    assert.equal(isChosen(fields, { hasOtherApps: true }), ofSeveral, String(app_ids));
    assert.equal(isChosen(fields, { hasOtherApps: true, sdk: 'appflow' }), ofOne, 'it names the app');
  }
});
