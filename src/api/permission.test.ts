import assert from 'node:assert/strict';
import { it } from 'node:test';
import { exceedsApps } from './permission.ts';

it('compares the apps of two keys', () => {
  const all = { appIds: null };
  assert.equal(exceedsApps(all, all), false);
  assert.equal(exceedsApps({ appIds: ['a'] }, all), false);
  assert.equal(exceedsApps(all, { appIds: ['a'] }), true);
  assert.equal(exceedsApps({ appIds: ['a'] }, { appIds: ['a', 'b'] }), false);
  assert.equal(exceedsApps({ appIds: ['a', 'c'] }, { appIds: ['a', 'b'] }), true);
});
