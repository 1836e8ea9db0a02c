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

test('accepts the session marks and $set of SDKs', () => {
  for (const event_name of ['$session_start', '$session_end'])
    assert.ok('row' in parse({ event_name, properties: undefined }), event_name);
  for (const properties of [
    { $set: { plan: 'pro', n: null } },
    { $set_once: { a: [1, { b: 2 }] } },
    { $set: null, $set_once: {} },
  ])
    assert.ok('row' in parse({ event_name: '$set', properties }), JSON.stringify(properties));
});

test('rejects every other name that starts with $, and reserved names in another case', () => {
  for (const event_name of ['$', '$Identify', '$identify2', ' $identify', '$pageview', '$set_once', '$Set']) {
    const parsed = parse({ event_name, properties: { anonymous_id: 'anon_1' } });
    assert.ok('rejection' in parsed);
    assert.equal(parsed.rejection.code, 'invalid_event_name');
  }
});

const names = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, n) => [`n${n}`, 1]));
const text = (bytes: number) => 'x'.repeat(bytes - 2);

test('bounds user properties: 200 names of 128 characters, values of 1,024 bytes', () => {
  const fits = [names(200), { ['🙂'.repeat(128)]: 1 }, { a: text(1_024) }];
  const tooMuch: [object, string][] = [
    [names(201), ''],
    [{ ['x'.repeat(129)]: 1 }, '.'],
    [{ '': 1 }, ''],
    [{ a: text(1_025) }, '.a'],
    [[1], ''],
  ];
  for (const key of ['$set', '$set_once']) {
    for (const event_name of ['$identify', '$set']) {
      const of = (values: unknown) => parse({ event_name, properties: { anonymous_id: 'a', [key]: values } });
      for (const values of fits) assert.ok('row' in of(values), `${event_name} ${key}`);
      for (const [values, field] of [...tooMuch, ['plan', ''] as const]) {
        const parsed = of(values);
        assert.ok('rejection' in parsed, JSON.stringify(values).slice(0, 100));
        assert.equal(parsed.rejection.code, 'invalid_properties');
        assert.ok(parsed.rejection.field.startsWith(`properties.${key}${field}`), parsed.rejection.field);
      }
    }
  }
});

test('rejects $set without properties, and survives values nested too deep to serialize', () => {
  const deep = JSON.parse(`${'['.repeat(20_000)}${']'.repeat(20_000)}`);
  for (const properties of [undefined, {}, { $set: null }, { plan: 'pro' }, { $set: { a: deep } }]) {
    const parsed = parse({ event_name: '$set', properties });
    assert.ok('rejection' in parsed);
    assert.equal(parsed.rejection.code, 'invalid_properties');
  }
});

test('other events may have properties named like the reserved ones', () => {
  assert.ok('row' in parse({ event_name: 'opened', properties: { $set: 1, $set_once: text(2_000) } }));
});
