import assert from 'node:assert/strict';
import { join } from 'node:path';
import { it } from 'node:test';
import Database from 'better-sqlite3';
import { setUp } from '../support/browser.ts';
import { cleanUp } from '../support/clean-up.ts';
import { openStream } from '../support/event-stream.ts';
import { report, writeKeysFile } from '../support/github-report.ts';
import { makeKey, startTestServer } from '../support/harness.ts';
import { until } from '../support/until.ts';

const api = await startTestServer({ APPFLOW_GITHUB_SCANNING_KEYS_FILE: writeKeysFile() });
const { server_key, project_id } = api.project;
const owner = await setUp(api.url, api.server.setupUrl);
const other = new Database(join(api.config.dataDir, 'control.db'));
cleanUp(() => other.close());

const codeOf = async (key: string): Promise<string | undefined> =>
  (await api.call('GET', '/v1/api-keys/self', { key })).body.code;

async function readUnstored(): Promise<number> {
  const { text } = await api.call('GET', '/metrics');
  return Number(/^appflow_unstored_revocations (\d+)$/m.exec(text)?.[1]);
}

it('refuses revoked, disabled and leaked keys from the answer on while the database cannot be written, and stores that as soon as it can', async () => {
  const [leaked, revoked, disabled, reported, alsoReported, revokedByMember] = [
    await makeKey(api, { type: 'server' }),
    await makeKey(api, { type: 'server' }),
    await makeKey(api, { type: 'server' }),
    await makeKey(api, { type: 'server' }),
    await makeKey(api, { type: 'server' }),
    await makeKey(api, { type: 'server' }),
  ];
  const stream = await openStream(api.url, revoked.key);
  const acceptedFrom = Date.now();
  other.exec('BEGIN IMMEDIATE');
  const options = { key: server_key };
  const hook = report(api, reported.key, alsoReported.key);
  const answers = await Promise.all([
    api.call('POST', '/v1/api-keys/self/revoke', { key: leaked.key }),
    api.call('DELETE', `/v1/api-keys/${revoked.id}?reason=unused`, options),
    api.call('PATCH', `/v1/api-keys/${disabled.id}`, { ...options, body: { disabled: true } }),
    owner.call('DELETE', `/app/v1/projects/${project_id}/api-keys/${revokedByMember.id}`),
  ]);
  const answeredAt = performance.now();
  for (const answer of answers) {
    assert.deepEqual([answer.status, answer.body.code], [503, 'revocation_not_stored'], answer.text);
    assert.match(answer.body.detail, /refuses the key from now on, but could not store that/);
    assert.ok(Number(answer.headers.get('retry-after')) > 0);
  }
  assert.equal(await codeOf(leaked.key), 'api_key_revoked');
  assert.equal(await codeOf(revoked.key), 'api_key_revoked');
  assert.equal(await codeOf(disabled.key), 'api_key_disabled');
  assert.equal(await codeOf(revokedByMember.key), 'api_key_revoked', 'from the dashboard, too');
  const closing = await stream.next();
  assert.deepEqual([closing?.event, closing?.data], ['closed', { code: 'api_key_revoked' }]);
  // A second, and what five requests take on a busy machine.
  assert.ok(performance.now() - answeredAt < 3_000, 'the stream is closed within a second');
  assert.equal((await hook).status, 503, 'GitHub reports again');
  assert.equal(await codeOf(reported.key), 'api_key_revoked');
  assert.equal(await codeOf(alsoReported.key), 'api_key_revoked', 'one failure does not stop the next');
  assert.equal(await codeOf(server_key), undefined, 'other keys are accepted');
  assert.equal(await readUnstored(), 6);
  const { status, warnings } = (await api.call('GET', '/readyz')).body;
  assert.equal(status, 'degraded');
  assert.match(warnings.join(), /6 revocations are not stored yet.*accept them again after a restart/);

  const stored = () =>
    other.prepare('SELECT count(*) FROM api_keys WHERE revoked_at IS NOT NULL OR disabled').pluck().get();
  assert.equal(stored(), 0);
  other.exec('ROLLBACK');
  await until('all are stored', async () => (await readUnstored()) === 0);
  assert.equal(stored(), 6);
  assert.equal(await codeOf(revoked.key), 'api_key_revoked');
  assert.equal(await codeOf(disabled.key), 'api_key_disabled');
  for (const [key, action] of [
    [leaked, 'api_key.revoked'],
    [revoked, 'api_key.revoked'],
    [disabled, 'api_key.disabled'],
    [reported, 'api_key.revoked'],
    [revokedByMember, 'api_key.revoked'],
  ] as const) {
    const path = `/v1/audit-log?target=${key.id}&action=${action}`;
    const { body } = await api.call('GET', path, { key: server_key });
    assert.equal(body.data.length, 1, `${action} of ${key.id} is in the audit log once`);
    assert.ok(Date.parse(body.data[0].at ?? body.data[0].created_at) >= acceptedFrom);
  }
  assert.equal((await api.call('GET', '/readyz')).body.status, 'ok');
});
