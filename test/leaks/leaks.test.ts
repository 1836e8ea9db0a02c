import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { CHECKSUM, createSecret } from '../../src/directory/secret.ts';
import { disableDueKeys } from '../../src/leaks/disable-leaked.ts';
import { MINUTE_MS } from '../../src/lib/durations.ts';
import { openControlServices } from '../../src/server/open-services.ts';
import { startChildServer } from '../support/child-server.ts';
import { cleanUp } from '../support/clean-up.ts';
import { report as reportTo, writeKeysFile } from '../support/github-report.ts';
import {
  initProject,
  makeClock,
  makeConfig,
  makeKey,
  makeTempDir,
  startTestServer,
} from '../support/harness.ts';

const KEYS_FILE = writeKeysFile();

const clock = makeClock();
const api = await startTestServer({ APPFLOW_GITHUB_SCANNING_KEYS_FILE: KEYS_FILE }, { clock });
const { server_key: key } = api.project;
const services = await openControlServices(api.config, clock);
cleanUp(() => services.close());

const report = (...tokens: string[]) => reportTo(api, ...tokens);
const hashOf = (token: string) => createHash('sha256').update(token).digest('hex');
const get = async (id: string, as = key) => (await api.call('GET', `/v1/api-keys/${id}`, { key: as })).body;
const codeOf = async (secret: string) =>
  (await api.call('GET', '/v1/api-keys/self', { key: secret })).body.code;
const actionsOn = async (id: string, as = key) => {
  const { body } = await api.call('GET', `/v1/audit-log?target=${id}`, { key: as });
  return body.data.map(({ action }: { action: string }) => action);
};

describe('reports of leaked keys', () => {
  it('revokes leaked server and read-only keys immediately, and never repeats them in a response', async () => {
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

  it('labels a leaked client key and changes nothing else', async () => {
    const leaked = await makeKey(api, { type: 'client' });
    assert.equal((await report(leaked.key)).body[0].label, 'true_positive');
    const { status, leak_reported_at } = await get(leaked.id);
    assert.deepEqual([status, leak_reported_at], ['active', new Date(clock.now()).toISOString()]);
    assert.equal(await codeOf(leaked.key), undefined);
  });

  it('returns the same labels for a repeated report without acting twice', async () => {
    const leaked = await makeKey(api, { type: 'server' });
    const once = await Promise.all(Array.from({ length: 10 }, () => report(leaked.key, leaked.key)));
    const again = await report(leaked.key, leaked.key);
    for (const { status, body } of once) assert.deepEqual([status, body], [200, again.body]);
    assert.deepEqual(await actionsOn(leaked.id), [
      'api_key.revoked',
      'api_key.leak_reported',
      'api_key.created',
    ]);
  });

  it('labels unknown tokens as false positives, whatever they look like', async () => {
    const tokens = [createSecret('server'), 'nonsense', `${key.slice(0, -1)}!`, ''];
    const { status, body } = await report(...tokens);
    assert.equal(status, 200);
    assert.deepEqual(
      body.map(({ label }: { label: string }) => label),
      tokens.map(() => 'false_positive'),
    );
    assert.equal(await codeOf(key), undefined);
  });

  it('disables a leaked key once, after the delay that its project has configured', async () => {
    const there = { ...api, project: await initProject(api.config) };
    const own = there.project.server_key;
    await api.call('PATCH', '/v1/project', { key: own, body: { leaked_key_policy: 30 } });
    const leaked = await makeKey(there, { type: 'server' });
    await report(leaked.key);
    clock.advance(30 * MINUTE_MS - 1);
    // A repeated report does not extend the delay.
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

/** Returns a key of this type in a project that delays the disabling of leaked keys by 30 minutes. */
async function makeDelayed(type: string) {
  const there = { ...api, project: await initProject(api.config) };
  const own = there.project.server_key;
  await api.call('PATCH', '/v1/project', { key: own, body: { leaked_key_policy: 30 } });
  const leaked = await makeKey(there, { type });
  const post = async (verb: string, body: unknown = {}) => {
    const answer = await api.call('POST', `/v1/api-keys/${leaked.id}/${verb}`, { key: own, body });
    assert.equal(answer.status, 200, answer.text);
    return answer.body;
  };
  return { own, leaked, post, rotate: async (body: unknown) => String((await post('rotate', body)).key) };
}

// Regression test: the delay belonged to the key, so rotating away from the leaked secret did not save the key.
describe('rotating a key with a leaked secret during the delay', () => {
  it('disables the key only if the grace period of the leaked secret outlasts the delay', async () => {
    for (const [grace_seconds, count] of [
      [1801, 1],
      [1800, 0],
      [0, 0],
    ] as const) {
      const { own, leaked, rotate } = await makeDelayed('server');
      await report(leaked.key);
      const next = await rotate({ grace_seconds });
      clock.advance(30 * MINUTE_MS);
      assert.equal(await disableDueKeys(services), count, `${grace_seconds}`);
      assert.equal(await codeOf(next), count === 1 ? 'api_key_disabled' : undefined);
      const actions = await actionsOn(leaked.id, own);
      assert.equal(actions.includes('api_key.disabled'), count === 1);
      // Once handled, the secret is not checked again.
      clock.advance(60 * MINUTE_MS);
      assert.equal(await disableDueKeys(services), 0);
    }
  });

  it('keeps the key if its leaked secret was replaced or its grace period was ended', async () => {
    for (const end of ['force', 'end-grace']) {
      const { leaked, rotate, post } = await makeDelayed('read_only');
      const first = await rotate({});
      const active = end === 'force' ? await rotate({ force: true }) : first;
      await report(end === 'force' ? first : leaked.key);
      if (end === 'end-grace') await post('end-grace');
      clock.advance(30 * MINUTE_MS);
      assert.equal(await disableDueKeys(services), 0);
      assert.equal(await codeOf(active), undefined);
    }
  });

  it('gives a second leaked secret of the same key its own delay', async () => {
    const { leaked, rotate } = await makeDelayed('server');
    await report(leaked.key);
    const next = await rotate({ grace_seconds: 60 });
    clock.advance(10 * MINUTE_MS);
    await report(next);
    clock.advance(20 * MINUTE_MS);
    assert.equal(await disableDueKeys(services), 0);
    clock.advance(10 * MINUTE_MS - 1);
    assert.equal(await disableDueKeys(services), 0);
    clock.advance(1);
    assert.equal(await disableDueKeys(services), 1);
    assert.equal(await codeOf(next), 'api_key_disabled');
  });

  it('keeps a revoked key revoked, and revokes immediately if the policy changes to that during the delay', async () => {
    const revoked = await makeDelayed('server');
    await report(revoked.leaked.key);
    await api.call('DELETE', `/v1/api-keys/${revoked.leaked.id}?reason=unused`, { key: revoked.own });
    const hurried = await makeDelayed('server');
    await report(hurried.leaked.key);
    await api.call('PATCH', '/v1/project', { key: hurried.own, body: { leaked_key_policy: 'revoke' } });
    await report(hurried.leaked.key);
    assert.equal(await codeOf(hurried.leaked.key), 'api_key_revoked');
    clock.advance(30 * MINUTE_MS);
    assert.equal(await disableDueKeys(services), 0);
    for (const { own, leaked } of [revoked, hurried]) {
      assert.deepEqual((await actionsOn(leaked.id, own)).toSorted(), [
        'api_key.created',
        'api_key.leak_reported',
        'api_key.revoked',
      ]);
    }
  });
});

describe('leaks of expired secrets', () => {
  it('records a leaked expired secret once, without affecting its key or restoring it', async () => {
    const leaked = await makeKey(api, { type: 'server' });
    const path = `/v1/api-keys/${leaked.id}`;
    const { body } = await api.call('POST', `${path}/rotate`, { key, body: { grace_seconds: 0 } });
    for (let time = 0; time < 2; time += 1) {
      assert.equal((await report(leaked.key)).body[0].label, 'true_positive');
    }
    const { status, leak_reported_at } = await get(leaked.id);
    assert.deepEqual([status, leak_reported_at], ['active', null]);
    assert.deepEqual(await actionsOn(leaked.id), [
      'api_key.leak_reported',
      'api_key.rotated',
      'api_key.created',
    ]);
    assert.equal((await api.call('DELETE', `${path}?reason=other`, { key })).status, 200);
    assert.equal((await api.call('POST', `${path}/restore`, { key })).status, 200);
    assert.equal(await codeOf(body.key), undefined);
  });

  it("rejects a key's request to revoke itself with an expired secret", async () => {
    const made = await makeKey(api, { type: 'server' });
    const { body } = await api.call('POST', `/v1/api-keys/${made.id}/rotate`, {
      key,
      body: { grace_seconds: 0 },
    });
    const answer = await api.call('POST', '/v1/api-keys/self/revoke', { key: made.key });
    assert.deepEqual([answer.status, answer.body.code], [401, 'api_key_expired']);
    assert.equal(await codeOf(body.key), undefined);
  });

  it('rejects restoring a key if a leaked secret would work again', async () => {
    const leaked = await makeKey(api, { type: 'server' });
    await api.call('DELETE', `/v1/api-keys/${leaked.id}?reason=unused`, { key });
    await report(leaked.key);
    const answer = await api.call('POST', `/v1/api-keys/${leaked.id}/restore`, { key });
    assert.deepEqual([answer.status, answer.body.code], [409, 'not_restorable']);
  });
});

describe('delayed disabling after a restart', async () => {
  const dataDir = makeTempDir();
  const project = await initProject(makeConfig({ APPFLOW_DATA_DIR: dataDir }));
  const env = { APPFLOW_DATA_DIR: dataDir, APPFLOW_GITHUB_SCANNING_KEYS_FILE: KEYS_FILE };

  it('disables at startup the keys that were due while the server was stopped, and logs no key', async () => {
    const own = await openControlServices(makeConfig({ APPFLOW_DATA_DIR: dataDir }));
    const [found] = own.directory.listKeys(project.project_id).filter(({ type }) => type === 'server');
    assert.ok(found);
    const due = { key_id: found.id, version: 1, disable_at: Date.now() - 1, done_at: null };
    await own.control.db.insertInto('leaked_secrets').values(due).execute();
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

it('publishes patterns that match every key, whatever surrounds it, and nothing shorter', async () => {
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
    for (const glued of [JSON.stringify(`\n${secrets[type]}`), `%22${secrets[type]}%22`]) {
      assert.deepEqual(glued.match(new RegExp(pattern, 'g')), [secrets[type]]);
    }
  }
  assert.deepEqual(body.checksum, CHECKSUM);
  assert.equal(body.patterns.length, 3);
});
