import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createEventMapper } from './map-event.ts';

/** Returns what one event of OpenPanel becomes. */
const map = (event: object) => createEventMapper().map(event);

const track = (payload: object) => map({ type: 'track', payload });

it('maps a call of the SDK', () => {
  const properties = { app_version: '2.4.0', revenue: 9.99, currency: 'EUR' };
  assert.deepEqual(track({ name: 'purchase_complete', profileId: 'user_123', properties }), [
    {
      app_user_id: 'user_123',
      context: { app_version: '2.4.0' },
      event_name: 'purchase_complete',
      properties: { app_version: '2.4.0', revenue: '9.99', currency: 'EUR' },
    },
  ]);
});

it('reads the revenue of OpenPanel in hundredths, from a call and from an export, and no 0 of the column', () => {
  const revenueOf = ([event]: object[]) =>
    event && 'properties' in event ? (event.properties as { revenue?: string }).revenue : undefined;
  const inCall = (properties: object) => revenueOf(track({ name: 'revenue', profileId: 'u', properties }));
  const inRow = (revenue: unknown) => revenueOf(map({ name: 'revenue', profileId: 'u', revenue }));
  assert.equal(inCall({ __revenue: 999 }), '9.99');
  assert.equal(inCall({ __revenue: 999, revenue: 5 }), '5');
  assert.deepEqual([inRow(1), inRow('1999'), inRow(0), inRow('')], ['0.01', '19.99', undefined, undefined]);
});

it('maps an exported event in both forms to the same events', () => {
  const properties = { plan: 'pro', __version: '2.4.0', __language: 'de-DE', __reqId: 'r' };
  const ours = {
    app_user_id: 'user_1',
    timestamp: '2024-04-15T10:30:00.000Z',
    session_id: 's-1',
    context: {
      platform: 'ios',
      os_version: '18.1',
      app_version: '2.4.0',
      country: 'DE',
      locale: 'de-DE',
      device_model: 'iPhone',
      sdk: 'openpanel-react-native/1.0.0',
    },
  };
  const shared = { id: 'e-1', name: 'Plan Chosen', properties, country: 'DE', os: 'iOS', model: 'iPhone' };
  const api = {
    ...shared,
    ...{ deviceId: 'd-1', profileId: 'user_1', sessionId: 's-1', createdAt: '2024-04-15T10:30:00.000Z' },
    ...{ osVersion: '18.1', sdkName: 'react-native', sdkVersion: '1.0.0', path: '/plan', duration: 12 },
  };
  const table = {
    ...shared,
    ...{ device_id: 'd-1', profile_id: 'user_1', session_id: 's-1', created_at: '2024-04-15 10:30:00.000' },
    ...{ os_version: '18.1', sdk_name: 'react-native', sdk_version: '1.0.0', path: '/plan', duration: '12' },
  };
  const [link, event, ...others] = map(api);
  assert.ok(link && 'event_id' in link);
  assert.deepEqual(link, {
    ...ours,
    event_id: link.event_id,
    event_name: '$identify',
    properties: { anonymous_id: 'd-1' },
  });
  assert.deepEqual(event, {
    ...ours,
    event_id: 'e-1',
    event_name: 'plan_chosen',
    properties: { plan: 'pro', path: '/plan', duration: 12, $original_name: 'Plan Chosen' },
  });
  assert.deepEqual(others, []);
  assert.deepEqual(map(table), [link, event]);
});

it('links no device to itself: the export repeats its ID without a profile', () => {
  const events = map({ id: 'e-1', name: 'tap', deviceId: 'd-1', profileId: 'd-1' });
  assert.deepEqual(events, [{ event_id: 'e-1', app_user_id: 'd-1', event_name: 'tap' }]);
});

it('maps identify to user properties, and alias to a link', () => {
  const payload = { profileId: 'user_1', firstName: 'Ann', email: '', properties: { plan: 'pro' } };
  assert.deepEqual(map({ type: 'identify', payload }), [
    { app_user_id: 'user_1', event_name: '$set', properties: { $set: { plan: 'pro', firstName: 'Ann' } } },
  ]);
  assert.deepEqual(map({ type: 'alias', payload: { profileId: 'user_1', alias: 'd-1' } }), [
    { app_user_id: 'user_1', event_name: '$identify', properties: { anonymous_id: 'd-1' } },
  ]);
});

it('ignores sums and groups, and keeps session starts and ends out of metrics', () => {
  for (const type of ['increment', 'decrement', 'group', 'assign_group'])
    assert.deepEqual(map({ type, payload: { profileId: 'u', property: 'visits', value: 1 } }), []);
  assert.deepEqual(map({ name: 'session_start', deviceId: 'd-1' }), [
    { app_user_id: 'd-1', event_name: '$session_start' },
  ]);
});
