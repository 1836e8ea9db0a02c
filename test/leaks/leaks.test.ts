import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, describe, it } from 'node:test';
import { createSecret } from '../../src/directory/secret.ts';
import { disableDueKeys } from '../../src/leaks/disable-leaked.ts';
import { openControlServices } from '../../src/server/open-services.ts';
import { startChildServer } from '../support/child-server.ts';
import { report as reportTo, writeKeysFile } from '../support/github-report.ts';
import {
  initProject,
  makeClock,
  makeConfig,
  makeKey,
  makeTempDir,
  startTestServer,
} from '../support/harness.ts';

const MINUTE_MS = 60_000;
const KEYS_FILE = writeKeysFile();

const clock = makeClock();
const api = await startTestServer({ APPFLOW_GITHUB_SCANNING_KEYS_FILE: KEYS_FILE }, { clock });
const { server_key: key } = api.project;
const services = await openControlServices(api.config, clock);
after(() => services.close());

const report = (...tokens: string[]) => reportTo(api, ...tokens);
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
    const once = await Promise.all(Array.from({ length: 10 }, () => report(leaked.key, leaked.key)));
    const again = await report(leaked.key, leaked.key);
    for (const { status, body } of once) assert.deepEqual([status, body], [200, again.body]);
    assert.deepEqual(await actionsOn(leaked.id), [
      'api_key.revoked',
      'api_key.leak_reported',
      'api_key.created',
    ]);
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

/** A project that wants 30 minutes before a leaked key is disabled, with a key of this type. */
async function makeWaiting(type: string) {
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

// The wait was kept by key: rotating away from the leaked secret did not save the key.
describe('a leaked secret of a key that is rotated while its project waits', () => {
  it('takes the key with it when its grace runs on to the end of the wait, and not when it ends in time', async () => {
    for (const [grace_seconds, count] of [
      [1801, 1],
      [1800, 0],
      [0, 0],
    ] as const) {
      const { own, leaked, rotate } = await makeWaiting('server');
      await report(leaked.key);
      const next = await rotate({ grace_seconds });
      clock.advance(30 * MINUTE_MS);
      assert.equal(await disableDueKeys(services), count, `${grace_seconds}`);
      assert.equal(await codeOf(next), count === 1 ? 'api_key_disabled' : undefined);
      const actions = await actionsOn(leaked.id, own);
      assert.equal(actions.includes('api_key.disabled'), count === 1);
      // Done with: nothing comes back to it.
      clock.advance(60 * MINUTE_MS);
      assert.equal(await disableDueKeys(services), 0);
    }
  });

  it('does nothing to the key once it was replaced or its grace was ended', async () => {
    for (const end of ['force', 'end-grace']) {
      const { leaked, rotate, post } = await makeWaiting('read_only');
      const first = await rotate({});
      const lives = end === 'force' ? await rotate({ force: true }) : first;
      await report(end === 'force' ? first : leaked.key);
      if (end === 'end-grace') await post('end-grace');
      clock.advance(30 * MINUTE_MS);
      assert.equal(await disableDueKeys(services), 0);
      assert.equal(await codeOf(lives), undefined);
    }
  });

  it('has a wait of its own beside that of the newer one', async () => {
    const { leaked, rotate } = await makeWaiting('server');
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

  it('does nothing to a key that was revoked, and revokes at once when its project wants that meanwhile', async () => {
    const revoked = await makeWaiting('server');
    await report(revoked.leaked.key);
    await api.call('DELETE', `/v1/api-keys/${revoked.leaked.id}?reason=unused`, { key: revoked.own });
    const hurried = await makeWaiting('server');
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

describe('a secret that has ended', () => {
  it('is put on record once when it is found, and neither harms its key nor bars restoring it', async () => {
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

  it('cannot revoke its key', async () => {
    const made = await makeKey(api, { type: 'server' });
    const { body } = await api.call('POST', `/v1/api-keys/${made.id}/rotate`, {
      key,
      body: { grace_seconds: 0 },
    });
    const answer = await api.call('POST', '/v1/api-keys/self/revoke', { key: made.key });
    assert.deepEqual([answer.status, answer.body.code], [401, 'api_key_expired']);
    assert.equal(await codeOf(body.key), undefined);
  });

  it('bars restoring its key as long as it would work again with it', async () => {
    const leaked = await makeKey(api, { type: 'server' });
    await api.call('DELETE', `/v1/api-keys/${leaked.id}?reason=unused`, { key });
    await report(leaked.key);
    const answer = await api.call('POST', `/v1/api-keys/${leaked.id}/restore`, { key });
    assert.deepEqual([answer.status, answer.body.code], [409, 'not_restorable']);
  });
});

describe('a server of its own', async () => {
  const dataDir = makeTempDir();
  const project = await initProject(makeConfig({ APPFLOW_DATA_DIR: dataDir }));
  const env = { APPFLOW_DATA_DIR: dataDir, APPFLOW_GITHUB_SCANNING_KEYS_FILE: KEYS_FILE };

  it('disables at its start what fell due while it was stopped, and logs no key', async () => {
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
