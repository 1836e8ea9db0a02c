import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { cleanUp } from '../../test/support/clean-up.ts';
import { createTestStore, eventRow } from '../../test/support/warehouse-store.ts';
import { parseProperties } from '../events/ingest/properties.ts';
import { parseKeepingDigits } from '../lib/exact-json.ts';
import {
  hasPropertySql,
  jsonTextSql,
  propertyJsonSql,
  propertyParams,
  propertyTextSql,
} from './event-sql.ts';

const store = await createTestStore();
const warehouse = await store.open();
cleanUp(async () => {
  await warehouse.close();
  await store.remove();
});

const NAMES = [
  'a',
  'screen',
  '',
  'a"',
  '\\',
  ':',
  ',',
  ':1,',
  '],',
  '"a":',
  '{',
  'é',
  'a b',
  '__proto__',
  '\n',
];
const NUMBERS = [
  '0',
  '-0',
  '12',
  '-7',
  '1.5',
  '1e21',
  '1.10',
  '123456789012345678901234',
  '0.12345678901234567890',
  '9223372036854775808',
  '18446744073709551615',
];
const text = fc.constantFrom('', 'home', '2', '"', '\\', '{"a":1}', '"a":', 'é', '\u2028', '/', '\n', 'null');
const leaf = fc.oneof(
  text.map((value) => JSON.stringify(value)),
  fc.constantFrom(...NUMBERS, 'true', 'null', '[]', '[1.50,"a"]'),
);
const member = (value: fc.Arbitrary<string>) => fc.tuple(fc.constantFrom(...NAMES), value);
const write = (members: readonly (readonly [string, string])[]) =>
  `{${members.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(',')}}`;
const nested = fc.array(member(leaf), { maxLength: 3 }).map(write);
const properties = fc
  .array(member(fc.oneof({ weight: 4, arbitrary: leaf }, nested)), { maxLength: 4 })
  .map(write);

/** In each of them, the first `"NAME":` is where another member ends and a text that starts with a colon begins. */
const MISLEADING = [
  '{"a":":",":":"x"}',
  '{"a":"x",":":1,",":2}',
  '{"a":1,":b":2,":1,":3}',
  '{"a":["x"],":b":2,"],":3}',
];

test('returns the same value of a property whether it is searched for or parsed', async () => {
  const samples = [...MISLEADING, ...fc.sample(properties, { numRuns: 600, seed: Date.now() })];
  const stored = samples.map((sample) => {
    const parsed = parseProperties(parseKeepingDigits(sample));
    return 'json' in parsed ? parsed.json : '{}';
  });
  await warehouse.append(stored.map((json, index) => eventRow({ event_id: `e${index}`, properties: json })));
  const value = jsonTextSql('json');
  for (const name of NAMES) {
    const rows = await warehouse.query<{ properties: string; found: string | null; parsed: string | null }>(
      `SELECT properties, ${value.sql} AS found, if(${hasPropertySql('name')}, ${propertyTextSql('name')}, NULL) AS parsed
       FROM (SELECT properties, ${propertyJsonSql('name')} AS json FROM events)`,
      { ...value.params, ...propertyParams('name', name) },
    );
    assert.equal(rows.length, samples.length);
    for (const { properties: json, found, parsed } of rows) assert.equal(found, parsed, `${name} in ${json}`);
  }
});
