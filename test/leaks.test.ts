import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { createSecret } from '../src/keys/secret.ts';
import { disableDueKeys } from '../src/leaks/disable-leaked.ts';
import { openControlServices } from '../src/open-services.ts';
import { startChildServer } from './child-server.ts';
import {
  type Answer,
  initProject,
  makeClock,
  makeConfig,
  makeKey,
  makeTempDir,
  startTestServer,
} from './harness.ts';

const MINUTE_MS = 60_000;
const HOOK = '/hooks/secret-scanning/github';

const makePair = () => generateKeyPairSync('ec', { namedCurve: 'P-256' });
const [github, stranger] = [makePair(), makePair()];
const KEYS_FILE = join(makeTempDir(), 'github-keys.json');
const pem = github.publicKey.export({ type: 'spki', format: 'pem' });
writeFileSync(
  KEYS_FILE,
  JSON.stringify({ public_keys: [{ key_identifier: 'k1', key: pem, is_current: true }] }),
);

const clock = makeClock();
const api = await startTestServer({ APPFLOW_GITHUB_SCANNING_KEYS_FILE: KEYS_FILE }, { clock });
const { server_key: key } = api.project;
const services = await openControlServices(api.config, clock);
after(() => services.close());

const signedBy = (privateKey: KeyObject, body: string, identifier = 'k1') => ({
  'github-public-key-identifier': identifier,
  'github-public-key-signature': sign('sha256', Buffer.from(body), privateKey).toString('base64'),
});

const bodyOf = (...tokens: string[]) =>
  JSON.stringify(
    tokens.map((token) => ({ token, type: 'appflow_key', url: 'https://github.com/a/b', source: 'commit' })),
  );

function report(...tokens: string[]): Promise<Answer> {
  const body = bodyOf(...tokens);
  return api.call('POST', HOOK, { body, headers: signedBy(github.privateKey, body) });
}

const hashOf = (token: string) => createHash('sha256').update(token).digest('hex');
const get = async (id: string, as = key) => (await api.call('GET', `/v1/api-keys/${id}`, { key: as })).body;
const codeOf = async (secret: string) =>
  (await api.call('GET', '/v1/api-keys/self', { key: secret })).body.code;
const actionsOn = async (id: string, as = key) => {
  const { body } = await api.call('GET', `/v1/audit-log?target=${id}`, { key: as });
  return body.data.map(({ action }: { action: string }) => action);
};

describe('a report of leaked keys', () => {
  it('revokes server and read-only keys as leaked, at once, and never repeats them', async () => {
    for (const type of ['server', 'read_only']) {
      const leaked = await makeKey(api, { type });
      const answer = await report(leaked.key);
      assert.equal(answer.status, 200, answer.text);
      const label = { token_hash: hashOf(leaked.key), token_type: 'appflow_key', label: 'true_positive' };
      assert.deepEqual(answer.body, [label]);
      assert.equal(await codeOf(leaked.key), 'api_key_revoked');
      const { revoked_reason, revoked_by } = await get(leaked.id);
      assert.deepEqual([revoked_reason, revoked_by], ['leaked', 'github_secret_scanning']);
      assert.deepEqual(await actionsOn(leaked.id), [
        'api_key.revoked',
        'api_key.leak_reported',
        'api_key.created',
      ]);
    }
  });

  it('labels a client key and changes nothing else', async () => {
    const leaked = await makeKey(api, { type: 'client' });
    assert.equal((await report(leaked.key)).body[0].label, 'true_positive');
    const { status, leak_reported_at } = await get(leaked.id);
    assert.deepEqual([status, leak_reported_at], ['active', new Date(clock.now()).toISOString()]);
    assert.equal(await codeOf(leaked.key), undefined);
  });

  it('may come again: the answer is the same and nothing happens twice', async () => {
    const leaked = await makeKey(api, { type: 'server' });
    const first = await report(leaked.key, leaked.key);
    const before = await actionsOn(leaked.id);
    const again = await Promise.all(Array.from({ length: 10 }, () => report(leaked.key, leaked.key)));
    for (const { body } of again) assert.deepEqual(body, first.body);
    assert.deepEqual(await actionsOn(leaked.id), before);
  });

  it('says which tokens are none of ours, whatever they look like', async () => {
    const tokens = [createSecret('server'), 'nonsense', `${key.slice(0, -1)}!`, ''];
    const { status, body } = await report(...tokens);
    assert.equal(status, 200);
    assert.deepEqual(
      body.map(({ label }: { label: string }) => label),
      tokens.map(() => 'false_positive'),
    );
    assert.equal(await codeOf(key), undefined);
  });

  it('disables a key after the minutes its project wants, to the end, once', async () => {
    const there = { ...api, project: await initProject(api.config) };
    const own = there.project.server_key;
    await api.call('PATCH', '/v1/project', { key: own, body: { leaked_key_policy: 30 } });
    const leaked = await makeKey(there, { type: 'server' });
    await report(leaked.key);
    clock.advance(30 * MINUTE_MS - 1);
    // Reported again, it gets no more time.
    await report(leaked.key);
    assert.equal(await disableDueKeys(services), 0);
    assert.equal(await codeOf(leaked.key), undefined);
    clock.advance(1);
    assert.equal(await disableDueKeys(services), 1);
    assert.equal(await codeOf(leaked.key), 'api_key_disabled');
    assert.equal((await actionsOn(leaked.id, own))[0], 'api_key.disabled');
    assert.equal(await disableDueKeys(services), 0);
    await api.call('PATCH', `/v1/api-keys/${leaked.id}`, { key: own, body: { disabled: false } });
    await report(leaked.key);
    clock.advance(60 * MINUTE_MS);
    assert.equal(await disableDueKeys(services), 0);
  });
});

describe('a report', () => {
  it('is believed only with a signature of GitHub over its very bytes', async () => {
    const leaked = await makeKey(api, { type: 'server' });
    const body = bodyOf(leaked.key);
    const good = signedBy(github.privateKey, body);
    const { 'github-public-key-signature': signature, ...unsigned } = good;
    const { 'github-public-key-identifier': _id, ...unnamed } = good;
    for (const [headers, sent] of [
      [{}, body],
      [unsigned, body],
      [unnamed, body],
      [{ ...unsigned, 'github-public-key-signature': 'AAAA' }, body],
      [{ ...unsigned, 'github-public-key-signature': `x${signature}` }, body],
      [signedBy(stranger.privateKey, body), body],
      [signedBy(github.privateKey, body, 'k2'), body],
      [good, `${body} `],
    ] as const) {
      const answer = await api.call('POST', HOOK, { body: sent, headers });
      assert.deepEqual([answer.status, answer.body.code], [401, 'invalid_signature'], answer.text);
    }
    assert.equal(await codeOf(leaked.key), undefined);
    assert.equal((await api.call('POST', HOOK, { body, headers: good })).status, 200);
  });

  it('is refused when it is signed but is no report', async () => {
    for (const [body, status] of [
      ['{', 400],
      ['{}', 422],
      ['[{}]', 422],
      [JSON.stringify(Array.from({ length: 1_001 }, () => ({ token: 'x', type: 'y' }))), 422],
    ] as const) {
      const answer = await api.call('POST', HOOK, { body, headers: signedBy(github.privateKey, body) });
      assert.equal(answer.status, status, answer.text);
    }
  });

  it('holds at most a megabyte', async () => {
    for (const [bytes, status] of [
      [1_048_576, 200],
      [1_048_577, 413],
    ] as const) {
      const body = '[]'.padEnd(bytes);
      const answer = await api.call('POST', HOOK, { body, headers: signedBy(github.privateKey, body) });
      assert.equal(answer.status, status);
    }
  });
});

describe('a server of its own', async () => {
  const dataDir = makeTempDir();
  const project = await initProject(makeConfig({ APPFLOW_DATA_DIR: dataDir }));
  const env = { APPFLOW_DATA_DIR: dataDir, APPFLOW_GITHUB_SCANNING_KEYS_FILE: KEYS_FILE };

  it('limits reports per address, before it reads them', async () => {
    const server = await startChildServer({ ...env, APPFLOW_LIMIT_FAILED_AUTH: '0.01/3' });
    const statuses: number[] = [];
    for (let index = 0; index < 5; index += 1) {
      statuses.push((await server.call('POST', HOOK, { body: '[]' })).status);
    }
    assert.deepEqual(statuses, [401, 401, 401, 429, 429]);
    const unknown = await server.call('GET', '/v1/project', { key: createSecret('server') });
    assert.equal(unknown.status, 401, 'unknown keys have a budget of their own');
    assert.equal((await server.stop()).code, 0);
  });

  it('disables at its start what fell due while it was stopped, and logs no key', async () => {
    const own = await openControlServices(makeConfig({ APPFLOW_DATA_DIR: dataDir }));
    const [found] = own.directory.listKeys(project.project_id).filter(({ type }) => type === 'server');
    assert.ok(found);
    const due = { key_id: found.id, disable_at: Date.now() - 1, done_at: null };
    await own.control.db.insertInto('leaked_keys').values(due).execute();
    await own.close();
    const server = await startChildServer({ ...env, LOG_LEVEL: 'info' });
    let code: string | undefined;
    for (let attempt = 0; attempt < 40 && code === undefined; attempt += 1) {
      code = (await server.call('GET', '/v1/api-keys/self', { key: project.server_key })).body.code;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    assert.equal(code, 'api_key_disabled');
    assert.equal((await server.stop()).code, 0);
    assert.match(server.output(), /a leaked API key was disabled/);
    assert.ok(!server.output().includes(project.server_key.slice(7, 50)));
  });
});

it('publishes patterns that find every key and nothing shorter', async () => {
  const { status, body } = await api.call('GET', '/.well-known/appflow-key-patterns.json');
  assert.equal(status, 200);
  const { server_key, client_key, read_only_key } = api.project;
  const secrets: Record<string, string> = {
    server: server_key,
    client: client_key,
    read_only: read_only_key,
  };
  for (const { type, pattern } of body.patterns) {
    const text = `token = "${Object.values(secrets).join('" "')}"; ${secrets[type]?.slice(0, -1)}`;
    assert.deepEqual(text.match(new RegExp(pattern, 'g')), [secrets[type]]);
  }
  assert.equal(body.patterns.length, 3);
});
