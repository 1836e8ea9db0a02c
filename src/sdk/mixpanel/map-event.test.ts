import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createEventMapper } from './map-event.ts';

/** Returns what one event of Mixpanel becomes. */
const map = (event: object) => createEventMapper().map(event);

it('maps an event of the SDK, with its ID, time and context', () => {
  const properties = {
    distinct_id: 'user_123',
    $insert_id: 'ins-1',
    time: 1795168800123,
    $os: 'iOS',
    $app_version_string: '2.4.0',
    $device_id: 'dev-1',
    mp_country_code: 'DE',
    product_id: 'pro_monthly',
    nested: { a: [1, 2] },
    token: 'WRITE_KEY',
    mp_lib: 'node',
    $lib_version: '0.24.0',
  };
  assert.deepEqual(map({ event: 'App Opened', properties }), [
    {
      event_id: 'ins-1',
      app_user_id: 'user_123',
      timestamp: 1795168800123,
      context: { platform: 'ios', app_version: '2.4.0', country: 'DE', sdk: 'mixpanel-node/0.24.0' },
      event_name: 'app_opened',
      properties: { product_id: 'pro_monthly', nested: { a: [1, 2] }, $original_name: 'App Opened' },
    },
  ]);
});

it('reads the time of an export, in seconds', () => {
  const [event] = map({ event: 'tap', properties: { time: 1602611311, distinct_id: 'u', $insert_id: 'a' } });
  assert.deepEqual(event, {
    event_id: 'a',
    app_user_id: 'u',
    timestamp: 1602611311000,
    event_name: 'tap',
  });
});

it('takes the user, or the device as Mixpanel calls it, when there is no distinct_id', () => {
  const userOf = (properties: object) => {
    const [event] = map({ event: 'tap', properties });
    return event && 'app_user_id' in event ? event.app_user_id : undefined;
  };
  assert.equal(userOf({ distinct_id: 'd', $user_id: 'u', $device_id: 'x' }), 'u', 'its link');
  assert.equal(userOf({ $user_id: 'u' }), 'u');
  assert.equal(userOf({ $device_id: 'x' }), '$device:x');
  assert.equal(userOf({ distinct_id: '' }), undefined);
});

it('links a device to a user once', () => {
  const mapper = createEventMapper();
  const event = (name: string) => ({
    event: name,
    properties: { distinct_id: 'u', $user_id: 'u', $device_id: 'x', $insert_id: name, time: 1602611311 },
  });
  const [link, first] = mapper.map(event('a'));
  const [second, ...others] = mapper.map(event('b'));
  assert.ok(link && 'event_id' in link && typeof link.event_id === 'string');
  assert.deepEqual(link, {
    event_id: link.event_id,
    app_user_id: 'u',
    timestamp: 1602611311000,
    event_name: '$identify',
    properties: { anonymous_id: '$device:x' },
  });
  assert.ok(mapper.derivedIds.has(link.event_id));
  const names = [first, second].map((one) => one && 'event_name' in one && one.event_name);
  assert.deepEqual([names, others], [['a', 'b'], []]);
});

it('maps $identify, $create_alias and $merge to links', () => {
  const linkOf = (event: string, properties: object) => map({ event, properties });
  const link = (app_user_id: string, anonymous_id: string | null) => [
    { app_user_id, event_name: '$identify', properties: { anonymous_id } },
  ];
  const ids = { $identified_id: 'user_1', $anon_id: 'anon-1', $user_id: 'user_1', $device_id: 'x' };
  assert.deepEqual(linkOf('$identify', ids), link('user_1', 'anon-1'));
  const sentBySdks = { distinct_id: 'user_1', $anon_distinct_id: '$device:x', $device_id: 'x' };
  assert.deepEqual(linkOf('$identify', sentBySdks), link('user_1', '$device:x'));
  assert.deepEqual(
    linkOf('$create_alias', { distinct_id: 'user_1', alias: 'anon-1' }),
    link('user_1', 'anon-1'),
  );
  assert.deepEqual(linkOf('$merge', { $distinct_ids: ['user_1', 'anon-1'] }), link('user_1', 'anon-1'));
  assert.deepEqual(linkOf('$merge', { $distinct_ids: ['user_1'] }), link('user_1', null), 'it is rejected');
});

it('maps profiles to user properties, sent and exported ones', () => {
  const sent = { $token: 't', $distinct_id: 'u', $set: { plan: 'pro' }, $set_once: { source: 'ad' } };
  assert.deepEqual(map(sent), [
    {
      app_user_id: 'u',
      event_name: '$set',
      properties: { $set: { plan: 'pro' }, $set_once: { source: 'ad' } },
    },
  ]);
  const exported = { $distinct_id: 'u', $properties: { $last_seen: '2024-01-02T03:04:05', plan: 'pro' } };
  assert.deepEqual(map(exported), [
    {
      app_user_id: 'u',
      timestamp: '2024-01-02T03:04:05Z',
      event_name: '$set',
      properties: { $set: { $last_seen: '2024-01-02T03:04:05', plan: 'pro' } },
    },
  ]);
  assert.deepEqual(map({ $distinct_id: 'u', $unset: ['plan', 1] }), [
    { app_user_id: 'u', event_name: '$set', properties: { $set: { plan: null } } },
  ]);
  assert.deepEqual(map({ $distinct_id: 'u', $add: { visits: 1 } }), []);
});

it('ignores recordings, and keeps money exact', () => {
  assert.deepEqual(map({ event: '$mp_session_record', properties: { distinct_id: 'u' } }), []);
  const properties = { distinct_id: 'u', revenue: 9.99, currency: 'eur' };
  assert.deepEqual(map({ event: 'purchase', properties }), [
    { app_user_id: 'u', event_name: 'purchase', properties: { revenue: '9.99', currency: 'EUR' } },
  ]);
});
