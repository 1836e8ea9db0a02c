import assert from 'node:assert/strict';
import { it } from 'node:test';
import { mapEvent } from './map-event.ts';

it('ignores what is no name in $unset', () => {
  const $unset = ['plan', { toString: 0 }, [[]], 1];
  const [event] = mapEvent({ event: '$set', distinct_id: 'user_1', properties: { $unset } });
  assert.deepEqual(event, {
    app_user_id: 'user_1',
    event_name: '$set',
    properties: { $set: { plan: null } },
  });
});
