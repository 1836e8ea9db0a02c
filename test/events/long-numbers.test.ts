import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { AppflowAdmin } from '../../client/src/admin.ts';
import { renderPropertyFilter } from '../../src/events/property-filter.ts';
import { openStream } from '../support/event-stream.ts';
import { startTestServer } from '../support/harness.ts';

const { call, url, project } = await startTestServer();
const key = project.server_key;

/** Numbers whose digits a double does not carry, or only just. */
const NUMBERS = [
  ...['9007199254740992', '9007199254740993', '616581622363398142', '-616581622363398143'],
  ...['9223372036854775807', '9223372036854775808', '-9223372036854775808', '-9223372036854775809'],
  ...['18446744073709551615', '18446744073709551616', '123456789012345678901234567890'],
  ...['123456789012345678901234567891', '0.1234567890123456789', '0.1234567890123456788'],
  ...['9007199254740.993', '-123456789012345.678901', '100000000000000000000'],
];
/** A name that needs escaping in JSON and in a regular expression. */
const NAME = 'order.id "x"*';

const line = (index: number, number: string) =>
  `{"event_id":"n${index}","event_name":"order","app_user_id":"u1","timestamp":"2026-11-20T12:00:00Z",` +
  `"properties":{"nested":{${JSON.stringify(NAME)}:[1.5]},${JSON.stringify(NAME)}:${number},"list":[${number}]}}`;
const LINES = NUMBERS.map((number, index) => line(index, number));
const propertiesOf = (index: number) => /"properties":(.*)}$/.exec(LINES[index] ?? '')?.[1];

describe('a number with more digits than a double has', () => {
  let streamed: string[] = [];

  before(async () => {
    const reader = await openStream(url, key);
    const admin = new AppflowAdmin({ apiKey: key, baseUrl: url });
    const { accepted } = await admin.events.sendAll(LINES);
    assert.equal(accepted, LINES.length);
    streamed = (await reader.events(LINES.length)).map(({ text }) => text);
    reader.close();
  });

  it('has the digits that were sent in search', async () => {
    const { text } = await call('GET', '/v1/events?limit=200', { key });
    for (const [index] of LINES.entries())
      assert.ok(text.includes(`"properties":${propertiesOf(index)}`), LINES[index]);
  });

  it('has the digits that were sent in exports', async () => {
    const ndjson = await call('GET', '/v1/events?format=ndjson', { key });
    const csv = await call('GET', '/v1/events?format=csv', { key });
    for (const [index] of LINES.entries()) {
      assert.ok(ndjson.text.includes(`"properties":${propertiesOf(index)}`), LINES[index]);
      assert.ok(csv.text.includes(`"${propertiesOf(index)?.replaceAll('"', '""')}"`), LINES[index]);
    }
  });

  it('has the digits that were sent in the stream', () => {
    for (const [index] of LINES.entries()) {
      assert.ok(
        streamed.some((text) => text.includes(`"properties":${propertiesOf(index)}`)),
        LINES[index],
      );
    }
  });

  for (const [index, number] of NUMBERS.entries()) {
    it(`is found by ${number}, and by no other number`, async () => {
      const filter = encodeURIComponent(renderPropertyFilter({ name: NAME, value: number }));
      const { body } = await call('GET', `/v1/events?property=${filter}`, { key });
      assert.deepEqual(
        body.data.map(({ event_id }: { event_id: string }) => event_id),
        [`n${index}`],
      );
    });
  }

  it('is a value of its own in a breakdown', async () => {
    const by = encodeURIComponent(`property:${NAME}`);
    const { body } = await call(
      'GET',
      `/v1/analytics/breakdown?start=2026-11-20&end=2026-11-20&limit=200&by=${by}`,
      { key },
    );
    const values = body.data.map(
      ({ value, events }: { value: string; events: number }) => `${value} ${events}`,
    );
    assert.deepEqual(values.sort(), NUMBERS.map((number) => `${number} 1`).sort());
  });

  it('is found by its top-level value, not by that of a member of the same name inside another', async () => {
    const text = '{"outer":{"id":0.1234567890123456700},"id":0.9876543210987654321}';
    const event = `{"event_id":"inner","event_name":"order","app_user_id":"u1","properties":${text}}`;
    const { body } = await call('POST', '/v1/events', { key, body: `{"events":[${event}]}` });
    assert.equal(body.accepted, 1);
    const find = async (value: string) =>
      (await call('GET', `/v1/events?property=id:${value}`, { key })).body.data.length;
    assert.deepEqual([await find('0.9876543210987654321'), await find('0.1234567890123456700')], [1, 0]);
  });

  it('keeps all digits as revenue, within its limits', async () => {
    const send = async (id: string, revenue: string) => {
      const event = `{"event_id":"${id}","event_name":"order","app_user_id":"u1","properties":{"revenue":${revenue}}}`;
      const { body } = await call('POST', '/v1/events', { key, body: `{"events":[${event}]}` });
      const { body: found } = await call('GET', `/v1/events?event_id=${id}`, { key });
      return found.data[0]?.revenue ?? body.rejected[0]?.code;
    };
    assert.equal(await send('r1', '123456789012345678.123456'), '123456789012345678.123456');
    assert.equal(await send('r2', '9007199254740993'), '9007199254740993');
    assert.equal(await send('r3', '1234567890123456789'), 'invalid_revenue');
    assert.equal(await send('r4', '9.990000000000000213'), '9.99');
  });

  it('counts with all of its digits toward the size of the event', async () => {
    const event = (digits: number) =>
      `{"event_id":"s${digits}","event_name":"order","app_user_id":"u1","properties":{"a":0.${'1'.repeat(digits)}}}`;
    const room = 32_768 - event(0).length - 'sNNNNN'.length + 's0'.length;
    const send = async (digits: number) =>
      (await call('POST', '/v1/events', { key, body: `{"events":[${event(digits)}]}` })).body;
    assert.equal((await send(room)).accepted, 1);
    assert.equal((await send(room + 1)).rejected[0].code, 'event_too_large');
  });
});
