import assert from 'node:assert/strict';
import { it } from 'node:test';
import { startTestServer } from '../support/harness.ts';

const { call, project } = await startTestServer();
const key = project.server_key;
const HALF = '\\ud83d';

/** Sends a body as text and returns each mistake as its field and code. */
async function mistakes(method: string, path: string, body: string): Promise<[string, string][]> {
  const { status, body: answer, text } = await call(method, path, { key, body });
  assert.equal(status, 422, text);
  return answer.errors.map((error: { field: string; code: string }) => [error.field, error.code]);
}

it('refuses half a character in every text of a key, an app and a project', async () => {
  const create = (fields: string) => `{"name":"k","type":"client",${fields}}`;
  for (const [fields, field] of [
    [`"metadata":{"team":"${HALF}"}`, 'metadata.team'],
    [`"metadata":{"${HALF}":"x"}`, 'metadata.\ufffd'],
    [`"bundle_ids":["com.example","${HALF}"]`, 'bundle_ids.1'],
    [`"name":"${HALF}"`, 'name'],
  ] as const) {
    assert.deepEqual(await mistakes('POST', '/v1/api-keys', create(fields)), [[field, 'invalid_format']]);
  }
  const app = `{"name":"a ${HALF}","platform":"ios"}`;
  assert.deepEqual(await mistakes('POST', '/v1/apps', app), [['name', 'invalid_format']]);
  assert.deepEqual(await mistakes('PATCH', '/v1/project', `{"name":"${HALF}"}`), [
    ['name', 'invalid_format'],
  ]);
  for (const path of ['/v1/api-keys', '/v1/audit-log', '/v1/apps', '/v1/project']) {
    const { status, text } = await call('GET', path, { key });
    assert.equal(status, 200);
    assert.doesNotMatch(text, /\\ud[89a-f]/i);
  }
  const whole = { name: '😀', type: 'client', metadata: { '😀': '👩‍👧' } };
  assert.equal((await call('POST', '/v1/api-keys', { key, body: whole })).status, 201);
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
