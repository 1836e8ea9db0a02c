import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseEvent } from './event.ts';

function parse(fields: object) {
  const event = { event_id: 'e1', event_name: '$identify', app_user_id: 'user_1', ...fields };
  const batch = {
    projectId: 'p',
    keyId: 'k',
    verified: 0 as const,
    receivedAt: Date.now(),
    sentAt: undefined,
    country: undefined,
  };
  return parseEvent(event, batch, () => ({ id: 'app_1', currency: 'EUR', platform: 'ios' }));
}

test('accepts the reserved event $identify with the anonymous id of the same person', () => {
  for (const anonymous_id of ['anon_1', 'ü'.repeat(128), 'a b']) {
    const parsed = parse({ properties: { anonymous_id, more: 1 } });
    assert.ok('row' in parsed, JSON.stringify(parsed));
    assert.deepEqual(
      [parsed.row.event_name, JSON.parse(parsed.row.properties).anonymous_id],
      ['$identify', anonymous_id],
    );
  }
});

test('rejects $identify without an id that could be a person', () => {
  const without = [undefined, null, {}, 'anon_1', ['anon_1']];
  const ids = [null, '', 1, 'null', 'u'.repeat(257), '00000000-0000-0000-0000-000000000000'];
  for (const properties of [...without, ...ids.map((anonymous_id) => ({ anonymous_id }))]) {
    const parsed = parse({ properties });
    assert.ok('rejection' in parsed, JSON.stringify(properties));
    const { code, field, message } = parsed.rejection;
    assert.deepEqual([code, field], ['invalid_properties', 'properties.anonymous_id']);
    assert.match(message, /anonymous_id/);
  }
});

test('rejects every other name that starts with $, and $identify in another case', () => {
  for (const event_name of ['$', '$Identify', '$identify2', ' $identify', '$pageview']) {
    const parsed = parse({ event_name, properties: { anonymous_id: 'anon_1' } });
    assert.ok('rejection' in parsed);
    assert.equal(parsed.rejection.code, 'invalid_event_name');
  }
});
