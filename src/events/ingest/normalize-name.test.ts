import assert from 'node:assert/strict';
import { it } from 'node:test';
import { normalizeEventName, RENAMED, withStoredName } from './normalize-name.ts';
import { parseProperties } from './properties.ts';

const VALID = /^[a-z][a-z0-9_]{0,63}$/;

it('turns names of any form into lower case with underscores', () => {
  const names = {
    'Order Completed': 'order_completed',
    orderCompleted: 'order_completed',
    'order-completed!': 'order_completed',
    iOSAppOpened: 'i_os_app_opened',
    HTTPError: 'http_error',
    'Café bezahlt': 'cafe_bezahlt',
    $autocapture: 'autocapture',
    '3D view': 'event_3_d_view',
    order_completed: 'order_completed',
  };
  for (const [sent, stored] of Object.entries(names)) assert.equal(normalizeEventName(sent), stored);
});

it('gives the events that SDKs send by themselves names of their own', () => {
  assert.equal(normalizeEventName('$screen'), 'screen_view');
  assert.equal(normalizeEventName('Application Opened'), 'app_open');
  for (const name of Object.values(RENAMED)) assert.match(name, VALID);
});

it('returns a valid name for every text, and different ones for names without Latin letters', () => {
  const texts = [
    '',
    ' ',
    '注册',
    '登录',
    '🎉',
    'x'.repeat(2_000),
    `${'x'.repeat(63)} y`,
    '__proto__',
    'constructor',
  ];
  for (const text of texts) assert.match(normalizeEventName(text), VALID, text);
  assert.notEqual(normalizeEventName('注册'), normalizeEventName('登录'));
});

it('leaves what it returned unchanged', () => {
  for (const sent of ['Order Completed', '注册', '$screen', '3D view', 'x'.repeat(100)]) {
    const once = normalizeEventName(sent);
    assert.equal(normalizeEventName(once), once);
  }
});

it('keeps the name that was sent with the properties, and changes nothing else of an event', () => {
  const event = { event_id: 'e-1', event_name: 'Order Completed', properties: { items: 2 } };
  assert.deepEqual(withStoredName(event), {
    event_id: 'e-1',
    event_name: 'order_completed',
    properties: { $original_name: 'Order Completed', items: 2 },
  });
  const bare = { event_name: 'Order Completed' };
  const stored = { event_name: 'order_completed', properties: { $original_name: 'Order Completed' } };
  assert.deepEqual(withStoredName(bare), stored);
  assert.deepEqual(withStoredName({ ...bare, properties: null }), stored);
  assert.deepEqual(withStoredName({ ...bare, properties: 'x' }), {
    event_name: 'order_completed',
    properties: 'x',
  });
  for (const same of [
    null,
    7,
    'x',
    [],
    {},
    { event_name: 7 },
    { event_name: '' },
    { event_name: 'app_open' },
    { event_name: '$identify' },
  ])
    assert.equal(withStoredName(same), same);
});

it('does not make an event invalid that has as many properties as it may have', () => {
  const sent = (count: number) => ({
    event_name: 'Order Completed',
    properties: Object.fromEntries(Array.from({ length: count }, (_, index) => [`p${index}`, 1])),
  });
  const parse = (count: number) =>
    parseProperties((withStoredName(sent(count)) as { properties: object }).properties);
  assert.ok('json' in parse(200));
  assert.ok('message' in parse(201));
});
