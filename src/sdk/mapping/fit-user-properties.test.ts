import assert from 'node:assert/strict';
import { it } from 'node:test';
import { parseProperties } from '../../events/ingest/properties.ts';
import { findUserPropertyError } from '../../events/ingest/reserved-events.ts';
import { parseKeepingDigits } from '../../lib/exact-json.ts';
import { toFields, toUserTraits } from './event-parts.ts';
import { fitUserProperties } from './fit-user-properties.ts';

/** Text whose JSON has this many bytes. */
const text = (bytes: number) => 'x'.repeat(bytes - 2);
const deep = JSON.parse(`${'['.repeat(20_000)}${']'.repeat(20_000)}`);

const identify = (properties: object) => ({
  event_id: 'e-1',
  event_name: '$identify',
  app_user_id: 'user_1',
  properties: { anonymous_id: 'anon_1', ...properties },
});

/** Returns what is left in the event, and what is in the one that is rejected. */
function split(event: object): unknown[] {
  return fitUserProperties(event).map((one) => 'properties' in one && one.properties);
}

it('leaves an event alone whose user properties fit', () => {
  for (const event of [
    identify({ $set: { bio: text(1_024) } }),
    { event_name: '$set', properties: { $set_once: { plan: 'pro' } } },
    { event_name: 'tap', properties: { $set: { bio: text(1_025) } } },
    { event_name: '$identify' },
  ])
    assert.deepEqual(fitUserProperties(event), [event]);
});

it('keeps the link and what fits when one user property is too large, too deep, or has a name that is too long', () => {
  for (const [name, value] of [
    ['bio', text(1_025)],
    ['bio', deep],
    ['bio', Number.POSITIVE_INFINITY],
    ['', 1],
    ['x'.repeat(129), 1],
  ] as const) {
    const events = fitUserProperties(identify({ $set: { [name]: value, plan: 'pro' }, $set_once: { a: 1 } }));
    const [linked, rest] = events as [Record<string, unknown>, Record<string, unknown>];
    assert.equal(events.length, 2);
    assert.deepEqual(
      [linked.event_id, linked.properties],
      ['e-1', { anonymous_id: 'anon_1', $set: { plan: 'pro' }, $set_once: { a: 1 } }],
    );
    assert.equal(rest.event_name, '$set');
    assert.notEqual(rest.event_id, 'e-1');
    assert.deepEqual(Object.keys((rest.properties as { $set: object }).$set), [name]);
  }
});

it('keeps 200 names in an event, the next ones in another, and what is invalid in one of its own', () => {
  const names = (count: number, value: unknown) =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`n${index}`, value]));
  const sizes = (properties: object) =>
    split(identify(properties)).map((part) => Object.keys((part as { $set: object }).$set).length);
  assert.deepEqual(sizes({ $set: names(200, 1) }), [200]);
  assert.deepEqual(sizes({ $set: names(201, 1) }), [200, 1]);
  assert.deepEqual(sizes({ $set: names(31, text(1_024)) }), [31]);
  assert.deepEqual(sizes({ $set: { bio: text(1_025), ...names(209, 1) } }), [199, 10, 1]);
});

it('sends what does not fit in one event in as many as it needs, each with an ID that is always the same', () => {
  const values = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`n${index}`, text(900)]));
  const event = identify({ $set: { ...values, bio: text(1_025) }, $set_once: { first: 1 } });
  const events = fitUserProperties(event).map(toFields);
  assert.deepEqual(
    events.map(({ event_name }) => event_name),
    ['$identify', '$set', '$set', '$set', '$set', '$set'],
  );
  const stored = events.slice(0, -1).map(({ properties }) => toFields(properties));
  for (const properties of stored) assert.equal(findUserPropertyError('$set', properties), undefined);
  for (const properties of stored) assert.ok(JSON.stringify(properties).length < 20_100);
  assert.deepEqual(Object.assign({}, ...stored.map(({ $set }) => $set)), values);
  assert.deepEqual(stored.at(-1)?.$set_once, { first: 1 });
  assert.deepEqual(events.at(-1)?.properties, { $set: { bio: text(1_025) } });
  assert.equal(new Set(events.map(({ event_id }) => event_id)).size, events.length);
  assert.deepEqual(fitUserProperties(event), events);
});

it('rejects nothing if each user property is valid', () => {
  const values = Object.fromEntries(Array.from({ length: 32 }, (_, index) => [`n${index}`, text(1_024)]));
  const [first, second, ...others] = split({ event_name: '$set', properties: { $set_once: values } });
  assert.deepEqual(others, []);
  assert.deepEqual(
    { ...toFields(toFields(first).$set_once), ...toFields(toFields(second).$set_once) },
    values,
  );
});

it('sends the link alone if nothing else fits, and does not split a $set with nothing that fits', () => {
  const $set = { bio: text(1_025) };
  assert.deepEqual(split(identify({ $set })), [{ anonymous_id: 'anon_1' }, { $set }]);
  assert.deepEqual(split({ event_name: '$set', properties: { $set } }), [{ $set }]);
});

it('keeps all digits of long numbers, and a property named __proto__', () => {
  const sent = parseKeepingDigits(
    `{"account": 12345678901234567892, "__proto__": 1, "bio": "${text(1_025)}"}`,
  );
  const event = { event_name: '$set', properties: toUserTraits(sent as Record<string, unknown>, {}) };
  const [kept] = split(event);
  const parsed = parseProperties(kept);
  assert.equal('json' in parsed && parsed.json, '{"$set":{"account":12345678901234567892,"__proto__":1}}');
});
