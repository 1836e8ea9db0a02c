import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isEventId } from '../../events/ingest/event.ts';
import { createEventCheck } from './event-check.ts';
import { type ExportRow, readExport } from './export-events.ts';
import { AMPLITUDE_EXPORT } from './formats/amplitude.ts';
import type { ExportFormat } from './formats/format.ts';
import { MIXPANEL_EXPORT } from './formats/mixpanel.ts';
import { OPENPANEL_EXPORT } from './formats/openpanel.ts';
import { POSTHOG_EXPORT } from './formats/posthog.ts';
import { SEGMENT_EXPORT } from './formats/segment.ts';
import { UMAMI_EXPORT } from './formats/umami.ts';
import { createMappingTally } from './mapping-tally.ts';
import { readExportEvents } from './readers.ts';
import type { RejectedLine } from './totals.ts';

const NOW = Date.parse('2024-06-01T00:00:00Z');

/** Returns what the lines of an export become. */
async function read(format: ExportFormat, lines: readonly (object | string)[], timeZone?: string) {
  const texts = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line)));
  async function* chunks() {
    yield Buffer.from(texts.join('\n'));
  }
  const rows: (ExportRow | { rejected: RejectedLine })[] = [];
  for await (const row of readExport(chunks(), { format, timeZone }, createEventCheck(NOW))) rows.push(row);
  return rows;
}

const tap = (uuid: unknown) => ({ event: 'tap', distinct_id: 'u', uuid, timestamp: '2024-03-01T10:00:00Z' });
const OTHER = { event_name: 'tap', app_user_id: 'u' };

test('refuses a file whose first 20 lines are not events from the product, and says what is expected', async () => {
  const refused = read(POSTHOG_EXPORT, [...Array<object>(20).fill(OTHER), tap('e-1')]);
  await assert.rejects(refused, {
    message:
      'The file is not an export from PostHog. Line 1: This is not an event from PostHog. Expected: JSON lines or CSV with "event", "distinct_id", "timestamp" and "properties" per event.',
  });
  await assert.rejects(
    read(POSTHOG_EXPORT, ['{', '}']),
    /^Error: The file is not an export from PostHog\. Line 1: .*JSON/,
  );
});

test('rejects lines that are not events from the product when one of the first 20 is', async () => {
  const rows = await read(POSTHOG_EXPORT, [...Array<object>(19).fill(OTHER), tap('e-1'), OTHER]);
  const rejected = rows.flatMap((row) => ('rejected' in row ? [row.rejected] : []));
  assert.equal(rejected.length, 20);
  assert.deepEqual(rejected[0], {
    line: 1,
    code: 'not_recognized',
    message: 'This is not an event from PostHog.',
  });
  assert.equal(rejected.at(-1)?.line, 21);
});

test('reads an empty file as no rows', async () => {
  assert.deepEqual(await read(POSTHOG_EXPORT, []), []);
});

test('keeps IDs, derives one from an ID of other characters, and one from the row without an ID', async () => {
  const lines = [tap('e-1'), tap('with a space'), tap(undefined), tap(undefined)];
  const idsOf = async () => {
    const rows = await read(POSTHOG_EXPORT, lines);
    return rows.flatMap((row) => ('events' in row ? row.events.map(({ event_id }) => event_id) : []));
  };
  const ids = await idsOf();
  assert.equal(ids[0], 'e-1');
  assert.match(String(ids[1]), /^of-[0-9a-f]{32}$/);
  assert.match(String(ids[2]), /^imp_[0-9a-f]{32}$/);
  assert.equal(ids[3], `${ids[2]}_1`, 'two equal rows are two events');
  assert.ok(ids.every(isEventId));
  assert.deepEqual(await idsOf(), ids);
});

test('gives each event of a row without an ID its own', async () => {
  const [row] = await read(POSTHOG_EXPORT, [{ ...tap(undefined), properties: { $set: { plan: 'pro' } } }]);
  assert.ok(row && 'events' in row);
  const ids = row.events.map(({ event_id }) => event_id);
  assert.equal(new Set(ids).size, 2);
  assert.ok(ids.every(isEventId));
});

test('gives a row without an ID the same one, whether an earlier row has linked its IDs or not', async () => {
  const event = (name: string) => ({
    event: name,
    properties: { time: 1709287200, distinct_id: 'u', $user_id: 'u', $device_id: 'd' },
  });
  const idOf = async (names: string[]) => {
    const rows = await read(MIXPANEL_EXPORT, names.map(event));
    const last = rows.at(-1);
    return last && 'events' in last ? last.events.at(-1)?.event_id : undefined;
  };
  assert.match(String(await idOf(['b'])), /^imp_/);
  assert.equal(await idOf(['a', 'b']), await idOf(['b']));
});

test('splits user properties that do not fit in one event, as those of the SDKs', async () => {
  const traits = { plan: 'pro', bio: 'x'.repeat(1_023) };
  const [row] = await read(SEGMENT_EXPORT, [{ type: 'identify', messageId: 'm-1', userId: 'u', traits }]);
  assert.ok(row && 'events' in row);
  assert.deepEqual(
    row.events.map(({ properties }) => Object.keys((properties as { $set: object }).$set)),
    [['plan'], ['bio']],
  );
});

test('rejects a row whose column is not JSON, and says which', async () => {
  const rows = await read(POSTHOG_EXPORT, ['event,distinct_id,properties', 'tap,u,{', 'tap,u,', 'tap,u,{}']);
  const [broken] = rows;
  assert.ok(broken && 'rejected' in broken);
  assert.equal(broken.rejected.line, 2);
  assert.match(broken.rejected.message, /^properties is not JSON: /);
  assert.ok(rows.slice(1).every((row) => 'events' in row));
});

test('rejects an event that is nested too deep, and reads the next one', async () => {
  const deep = `{"event":"tap","distinct_id":"u","properties":${'['.repeat(20_000)}${']'.repeat(20_000)}}`;
  const rows = await read(POSTHOG_EXPORT, [tap('e-1'), deep, tap('e-2')]);
  assert.equal(rows.length, 3);
  assert.ok(rows[2] && 'events' in rows[2]);
});

test("moves Mixpanel's local times to UTC, summer and winter, and leaves them without a time zone", async () => {
  const at = (time: number) => ({ event: 'tap', properties: { time, distinct_id: 'u', $insert_id: 'e' } });
  const timeOf = async (local: string, timeZone?: string) => {
    const [row] = await read(MIXPANEL_EXPORT, [at(Date.parse(local) / 1_000)], timeZone);
    const [event] = row && 'events' in row ? row.events : [];
    return new Date(Number(event?.timestamp)).toISOString();
  };
  const zone = 'America/Los_Angeles';
  assert.equal(await timeOf('2022-01-15T12:00:00Z', zone), '2022-01-15T20:00:00.000Z');
  assert.equal(await timeOf('2022-07-15T12:00:00Z', zone), '2022-07-15T19:00:00.000Z');
  // Clocks went from 2:00 to 3:00: the first second after it, and the last one before it.
  assert.equal(await timeOf('2022-03-13T03:00:00Z', zone), '2022-03-13T10:00:00.000Z');
  assert.equal(await timeOf('2022-03-13T01:59:59Z', zone), '2022-03-13T09:59:59.000Z');
  assert.equal(await timeOf('2022-01-15T12:00:00Z'), '2022-01-15T12:00:00.000Z');
});

/** Returns the names and the user properties of the events of all rows. */
async function readSets(format: ExportFormat, lines: readonly object[]) {
  const rows = await read(format, lines);
  const events = rows.flatMap((row) => ('events' in row ? row.events : []));
  return events.map(({ event_name, properties }) => [event_name, (properties as { $set?: object })?.$set]);
}

for (const event of ['$feature_flag_called', '$groupidentify', '$web_vitals'])
  test(`keeps the user properties of PostHog that come first with ${event}, which is ignored`, async () => {
    const rest = { person_properties: { plan: 'pro' } };
    assert.deepEqual(
      await readSets(POSTHOG_EXPORT, [
        { ...tap('e-1'), ...rest, event },
        { ...tap('e-2'), ...rest },
      ]),
      [
        ['$set', { plan: 'pro' }],
        ['tap', undefined],
      ],
    );
  });

for (const event of ['$create_alias', '$merge_dangerously'])
  test(`keeps the user properties of PostHog that come first with ${event}, which is a link`, async () => {
    const rest = { person_properties: { plan: 'pro' } };
    const link = { ...tap('e-1'), ...rest, event, properties: { alias: 'anon' } };
    assert.deepEqual(await readSets(POSTHOG_EXPORT, [link, { ...tap('e-2'), ...rest }]), [
      ['$identify', undefined],
      ['$set', { plan: 'pro' }],
      ['tap', undefined],
    ]);
  });

test('keeps the user properties of Amplitude that come first with $groupidentify, which is ignored', async () => {
  const row = (uuid: string, event_type: string) => ({
    ...{ uuid, event_type, device_id: 'd', event_time: '2024-03-01 10:00:00.000000' },
    user_properties: { plan: 'pro' },
  });
  assert.deepEqual(await readSets(AMPLITUDE_EXPORT, [row('1', '$groupidentify'), row('2', 'tap')]), [
    ['$set', { plan: 'pro' }],
    ['tap', undefined],
  ]);
});

for (const timestamp of ['yesterday', '1999-12-31T23:59:59Z', '2099-01-01T00:00:00Z'])
  test(`takes user properties from the next row when the server rejects the time ${timestamp}`, async () => {
    const rest = { person_properties: { plan: 'pro' } };
    const lines = [
      { ...tap('e-1'), ...rest, timestamp },
      { ...tap('e-2'), ...rest },
    ];
    assert.deepEqual(await readSets(POSTHOG_EXPORT, lines), [
      ['tap', undefined],
      ['tap', undefined],
      ['$set', { plan: 'pro' }],
    ]);
  });

test('stores both what an event removes and the changed user properties that come with it', async () => {
  const [row] = await read(POSTHOG_EXPORT, [
    { ...tap('e-1'), properties: { $unset: ['age'] }, person_properties: { plan: 'pro' } },
  ]);
  assert.ok(row && 'events' in row);
  assert.equal(new Set(row.events.map(({ event_id }) => event_id)).size, 3);
});

test('rejects an event whose properties are nested too deep instead of ending the import', async () => {
  const event = (messageId: string, a: string) =>
    `{"type":"track","event":"tap","messageId":"${messageId}","userId":"u","properties":{"a":${a}}}`;
  const deep = '['.repeat(20_000) + ']'.repeat(20_000);
  async function* chunks() {
    yield Buffer.from([event('m-1', deep), event('m-2', '1')].join('\n'));
  }
  const found: unknown[] = [];
  const kind = { format: SEGMENT_EXPORT, timeZone: undefined };
  for await (const one of readExportEvents(chunks(), kind, createMappingTally(), NOW))
    found.push('rejected' in one ? one.rejected.message : one.events.length);
  assert.deepEqual(found, ['This event is nested too deep.', 1]);
});

test("explains that ClickHouse's CSV has no JSON in OpenPanel's properties", async () => {
  const csv = ['id,name,device_id,created_at,properties', `1,tap,d,2024-03-01 10:00:00,"{'plan':'pro'}"`];
  await assert.rejects(
    read(OPENPANEL_EXPORT, csv),
    /Line 2: properties is not JSON: .*Expected: JSON lines with/,
  );
});

test("stores Umami's views as page views and its events, and ignores other types by name", async () => {
  const row = (event_type: number, event_name = '') => ({
    ...{ event_id: `e-${event_type}`, session_id: 's', created_at: '2024-03-01 10:00:00' },
    ...{ event_type, event_name },
  });
  const rows = await read(UMAMI_EXPORT, [row(1), row(2, 'Sign Up'), row(3), row(5)]);
  assert.deepEqual(
    rows.map((one) =>
      'events' in one ? [one.name, ...one.events.map(({ event_name }) => event_name)] : one,
    ),
    [['page view', 'page_view'], ['Sign Up', 'sign_up'], ['event_type 3'], ['event_type 5']],
  );
});

test('counts the rows with a country that is not known', async () => {
  const row = (id: number, country: string) => ({
    ...{ id: `e-${id}`, name: 'tap', deviceId: 'd', createdAt: '2024-03-01T10:00:00Z', country },
  });
  const rows = await read(OPENPANEL_EXPORT, [row(1, 'Atlantis'), row(2, 'Turkey'), row(3, '')]);
  const tally = createMappingTally();
  for (const one of rows) if ('events' in one) tally.addRow(one, one.events);
  assert.deepEqual(tally.read().unknownCountries, { counts: [{ name: 'Atlantis', count: 1 }], others: 0 });
});
