import assert from 'node:assert/strict';
import { it } from 'node:test';
import { startTestServer } from '../support/harness.ts';

const { call, project } = await startTestServer();
const key = project.server_key;
const HALF = '\\ud83d';
const NUL = '\\u0000';

/** Sends a body as text and returns each mistake as its field and code. */
async function mistakes(method: string, path: string, body: string): Promise<[string, string][]> {
  const { status, body: answer, text } = await call(method, path, { key, body });
  assert.equal(status, 422, text);
  return answer.errors.map((error: { field: string; code: string }) => [error.field, error.code]);
}

for (const [what, character] of [
  ['half a character', HALF],
  ['U+0000, which PostgreSQL cannot store,', NUL],
] as const) {
  it(`refuses ${what} in every text of a key, an app and a project`, async () => {
    const create = (fields: string) => `{"name":"k","type":"client",${fields}}`;
    for (const [fields, field] of [
      [`"metadata":{"team":"a${character}"}`, 'metadata.team'],
      [`"metadata":{"${character}":"x"}`, 'metadata.\ufffd'],
      [`"bundle_ids":["com.example","a${character}"]`, 'bundle_ids.1'],
      [`"name":"a${character}"`, 'name'],
    ] as const) {
      assert.deepEqual(await mistakes('POST', '/v1/api-keys', create(fields)), [[field, 'invalid_format']]);
    }
    const app = `{"name":"a ${character}","platform":"ios"}`;
    assert.deepEqual(await mistakes('POST', '/v1/apps', app), [['name', 'invalid_format']]);
    const renamed = `{"name":"a${character}"}`;
    assert.deepEqual(await mistakes('PATCH', '/v1/project', renamed), [['name', 'invalid_format']]);
  });
}

it('returns no half characters, and accepts whole ones', async () => {
  for (const path of ['/v1/api-keys', '/v1/audit-log', '/v1/apps', '/v1/project']) {
    const { status, text } = await call('GET', path, { key });
    assert.equal(status, 200);
    assert.doesNotMatch(text, /\\ud[89a-f]/i);
  }
  const whole = { name: '😀', type: 'client', metadata: { '😀': '👩‍👧' } };
  assert.equal((await call('POST', '/v1/api-keys', { key, body: whole })).status, 201);
});

it('refuses U+0000 in filters, cursors and paths that are compared with texts in the control database', async () => {
  const cursor = Buffer.from(JSON.stringify(['smp_\0'])).toString('base64url');
  for (const [path, field] of [
    ['/v1/audit-log?actor_id=%00', 'actor_id'],
    ['/v1/audit-log?target=a%00', 'target'],
    ['/v1/audit-log?ip=%00', 'ip'],
    ['/v1/audit-log/export?actor_id=%00', 'actor_id'],
    ['/v1/ingestion?key_id=%00', 'key_id'],
    ['/v1/ingestion/samples?key_id=a%00b', 'key_id'],
    ['/v1/ingestion/samples?code=%00', 'code'],
    [`/v1/ingestion/samples?cursor=${cursor}`, 'cursor'],
    ['/v1/api-keys/%00', 'id'],
  ] as const) {
    const { status, body } = await call('GET', path, { key });
    assert.deepEqual([status, body.code], [422, 'validation_failed'], path);
    assert.deepEqual(
      body.errors.map((error: { field: string }) => error.field),
      [field],
    );
  }
});

it('accepts events and filters of properties with U+0000, which the event store keeps', async () => {
  const sent = { event_name: 'opened', app_user_id: 'u1', properties: { 'a\0': 'b\0' } };
  const { body } = await call('POST', '/v1/events', { key, body: { events: [sent] } });
  assert.equal(body.accepted, 1);
  const stored = (await call('GET', '/v1/events?event_name=opened', { key })).body.data[0];
  assert.deepEqual(stored.properties, sent.properties);
  const { body: found } = await call('GET', '/v1/events?property=a%00:b%00', { key });
  assert.deepEqual(
    found.data?.map((event: { properties: unknown }) => event.properties),
    [sent.properties],
  );
});

it('names the type of a metadata value that is no text, instead of the field as unknown', async () => {
  const body = '{"name":"k","type":"server","metadata":{"team":1}}';
  assert.deepEqual(await mistakes('POST', '/v1/api-keys', body), [['metadata.team', 'invalid_type']]);
});

it('refuses a network with a zone', async () => {
  const body = '{"name":"k","type":"server","ip_allowlist":["fe80::1%eth0"]}';
  assert.deepEqual(await mistakes('POST', '/v1/api-keys', body), [['ip_allowlist.0', 'invalid_format']]);
});

it('refuses abbreviations of time zones for apps and queries', async () => {
  for (const zone of ['BST', 'IST', 'AST', 'SystemV/EST5']) {
    const body = `{"name":"a","platform":"ios","timezone":"${zone}"}`;
    assert.deepEqual(await mistakes('POST', '/v1/apps', body), [['timezone', 'invalid_format']]);
    const { status } = await call('GET', `/v1/analytics/daily?timezone=${zone}`, { key });
    assert.equal(status, 422, zone);
  }
  for (const zone of ['Asia/Calcutta', 'Europe/Kiev', 'US/Pacific', 'EST5EDT']) {
    assert.equal((await call('GET', `/v1/analytics/daily?timezone=${zone}`, { key })).status, 200, zone);
  }
});
