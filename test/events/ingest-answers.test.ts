import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { startTestServer } from '../support/harness.ts';

const NOW_MS = Date.UTC(2026, 10, 22, 10);
const { call, project } = await startTestServer(
  { TRUSTED_PROXIES: '127.0.0.0/8', APPFLOW_COUNTRY_HEADER: 'CF-IPCountry' },
  { clock: { now: () => NOW_MS } },
);
const { server_key, client_key } = project;

let last = 0;
/** Stores one event with a key and returns it as search does. */
async function store(fields: object, key: string, headers: Record<string, string> = {}) {
  last += 1;
  const event = { event_id: `e${last}`, event_name: 'opened', app_user_id: 'u1', ...fields };
  const sent = await call('POST', '/v1/events', { key, headers, body: { events: [event] } });
  assert.equal(sent.body.accepted, 1, sent.text);
  const { body } = await call('GET', `/v1/events?event_id=e${last}`, { key: server_key });
  return { ...body.data[0], warnings: sent.body.warnings };
}

describe('the context of an event', () => {
  it("has the app's platform and the country that the proxy names, if a client key sends neither", async () => {
    const { context } = await store({}, client_key, { 'CF-IPCountry': 'DE' });
    assert.deepEqual(context, { platform: 'ios', country: 'DE' });
  });

  it("has the locale's region for a server key: the proxy names the country of the backend", async () => {
    const { context } = await store({ context: { locale: 'fr-FR' } }, server_key, { 'CF-IPCountry': 'DE' });
    assert.deepEqual(context, { platform: 'ios', country: 'FR', locale: 'fr-FR' });
  });

  it('has version numbers as text, with a warning for each', async () => {
    const sent = await store({ context: { os_version: 34, app_version: 2.1 } }, client_key);
    assert.deepEqual([sent.context.os_version, sent.context.app_version], ['34', '2.1']);
    assert.deepEqual(
      sent.warnings.map(({ code, field }: Record<string, string>) => [code, field]),
      [
        ['number_as_text', 'context.os_version'],
        ['number_as_text', 'context.app_version'],
      ],
    );
  });
});

describe('warnings', () => {
  it('name at most 20 fields for each code, the key that was pasted first', async () => {
    const unknown = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`u${index}`, 1]));
    const { warnings } = await store({ ...unknown, properties: { a: { token: client_key } } }, client_key);
    assert.equal(warnings.length, 21);
    assert.deepEqual([warnings[0].code, warnings[0].field], ['holds_a_key', 'properties.a.token']);
    assert.match(warnings[0].message, /^properties\.a\.token contained an API key/);
  });

  it('are readable for strict parsers when a field has half a character', async () => {
    const body =
      '{"events":[{"event_name":"opened","app_user_id":"u1","a\\ud83d":1},{"event_name":"opened","app_user_id":"u1","properties":{"b\\ud83d":1e999}}]}';
    const { text } = await call('POST', '/v1/events', { key: client_key, body });
    assert.match(text, /"field":"a\ufffd"/);
    assert.match(text, /"field":"properties\.b\ufffd"/);
    assert.doesNotMatch(text, /\\ud83d/);
  });
});

describe('sent_at in seconds', () => {
  const send = (sent_at: number) =>
    call('POST', '/v1/events', {
      key: client_key,
      body: { sent_at, events: [{ event_name: 'opened', app_user_id: 'u1', timestamp: sent_at - 3_600 }] },
    });
  const DAYS_30 = 30 * 86_400;

  it('is refused for the whole batch, with what to send', async () => {
    for (const offset of [0, -DAYS_30, DAYS_30, 0.5]) {
      const { status, body } = await send(NOW_MS / 1_000 + offset);
      assert.equal(status, 422);
      assert.deepEqual([body.errors[0].field, body.errors[0].code], ['sent_at', 'invalid_timestamp']);
      assert.match(body.errors[0].message, /^sent_at is in seconds; send .* epoch milliseconds/);
    }
  });

  it('is taken for the milliseconds of a device whose clock starts in 1970 when it is no time of today', async () => {
    for (const offset of [-DAYS_30 - 1, DAYS_30 + 1]) {
      const { status, body } = await send(NOW_MS / 1_000 + offset);
      assert.deepEqual([status, body.accepted], [200, 1]);
    }
  });
});
