import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import fc from 'fast-check';
import { renderPropertyFilter } from '../../src/events/property-filter.ts';
import { startTestServer } from '../support/harness.ts';

const { call, project } = await startTestServer();
const key = project.server_key;

const ODD_NAMES = [
  ...[
    '',
    '"',
    "'",
    '\\',
    '\\"',
    '""',
    ':',
    '::',
    'a:b',
    '.',
    'a.b',
    '$.a',
    '[0]',
    'a[0]',
    '0',
    '-1',
    '*',
    '%',
    '_',
  ],
  ...[
    '\u0000',
    '\n',
    '\u2028',
    '\u202e',
    'é',
    'e\u0301',
    '👍',
    '日本',
    '__proto__',
    'constructor',
    '\\u0041',
    ' ',
    '{a:1}',
  ],
];
// No backslash: once a name with one was parsed, V8 may read another escaped name as that one
// (https://github.com/nodejs/node/issues/63785).
const piece = fc.constantFrom('"', ':', '.', '[', '0', "'", '\n', 'é', '👍', '{', 'u0041', '/', ' ', 'a');
const madeName = fc.array(piece, { maxLength: 4 }).map((pieces) => pieces.join(''));
const value = fc.oneof(
  madeName,
  fc.integer({ min: -3, max: 3 }),
  fc.constantFrom(null, true, 1.5, [''], { '"': 1 }),
);
const made = fc.dictionary(
  fc.oneof(madeName, fc.constantFrom(...ODD_NAMES.filter((name) => !name.includes('\\')))),
  value,
  {
    maxKeys: 5,
    noNullPrototype: true,
  },
);

type Properties = Record<string, unknown>;

const textOf = (found: unknown) => (typeof found === 'string' ? found : JSON.stringify(found));

describe('properties with odd names', () => {
  const seed = Date.now();
  const samples: Properties[] = [
    ...ODD_NAMES.map((name): Properties => JSON.parse(`{"other":1,${JSON.stringify(name)}:"v"}`)),
    ...fc.sample(made, { numRuns: 150, seed }),
  ];
  const idOf = (index: number) => `e${String(index).padStart(4, '0')}`;

  before(async () => {
    const events = samples.map((properties, index) => ({
      event_id: idOf(index),
      event_name: 'sent',
      app_user_id: 'u1',
      properties,
    }));
    const { body } = await call('POST', '/v1/events', { key, body: { events } });
    assert.equal(body.accepted, samples.length);
  });

  const names = [...new Set([...ODD_NAMES, ...fc.sample(madeName, { numRuns: 20, seed })])];
  for (const name of names) {
    it(`finds and counts by ${JSON.stringify(name)} exactly the events that have it (seed ${seed})`, async () => {
      const having = samples.flatMap((properties, index) =>
        Object.hasOwn(properties, name) ? [{ id: idOf(index), value: textOf(properties[name]) }] : [],
      );
      const [wanted = 'v'] = having.map((one) => one.value);
      const filter = encodeURIComponent(renderPropertyFilter({ name, value: wanted }));
      const { status, body, text } = await call('GET', `/v1/events?limit=200&property=${filter}`, { key });
      assert.equal(status, 200, text);
      assert.deepEqual(
        body.data.map(({ event_id }: { event_id: string }) => event_id).sort(),
        having.filter((one) => one.value === wanted).map(({ id }) => id),
      );
      const by = encodeURIComponent(`property:${name}`);
      const ranked = await call('GET', `/v1/analytics/breakdown?days=1&limit=200&by=${by}`, { key });
      const counts = Map.groupBy(having, (one) => one.value);
      for (const { value: found, events } of ranked.body.data) {
        const expected = found === null ? samples.length - having.length : counts.get(found)?.length;
        assert.equal(events, expected, JSON.stringify(found));
      }
    });
  }
});
