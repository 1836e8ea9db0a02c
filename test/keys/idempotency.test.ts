import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CLI_REQUESTER } from '../../src/api/caller.ts';
import type { IdempotencyKey } from '../../src/api/route.ts';
import { parseIdempotencyKey, sealAnswer } from '../../src/idempotency/idempotency-key.ts';
import { insertKey } from '../../src/keys/create.ts';
import { createSecretOnce } from '../../src/keys/create-secret-once.ts';
import { CLI_GRANTOR } from '../../src/keys/escalation.ts';
import { MINUTE_MS } from '../../src/lib/durations.ts';
import { createProject } from '../../src/projects/create.ts';
import { startClusterTasks } from '../../src/server/cluster-tasks.ts';
import { openControlServices } from '../../src/server/open-services.ts';
import {
  type Answer,
  initProject,
  makeClock,
  makeConfig,
  makeKey,
  startTestServer,
} from '../support/harness.ts';

const clock = makeClock();
const api = await startTestServer({}, { clock });
const { server_key: root } = api.project;
const BODY = { name: 'Once', type: 'client' };

const create = (idempotencyKey: string, body: unknown = BODY, key = root) =>
  api.call('POST', '/v1/api-keys', { key, body, headers: { 'idempotency-key': idempotencyKey } });
const rotate = (id: string, idempotencyKey: string, body: unknown = {}, key = root) =>
  api.call('POST', `/v1/api-keys/${id}/rotate`, {
    key,
    body,
    headers: { 'idempotency-key': idempotencyKey },
  });
const named = async (name: string) => {
  const { body } = await api.call('GET', '/v1/api-keys?limit=200', { key: root });
  return body.data.filter((row: { name: string }) => row.name === name);
};

function assertRefused(answer: Answer, status: number, code: string): void {
  assert.deepEqual([answer.status, answer.body.code], [status, code], answer.text);
}

describe('requests with the same idempotency key', () => {
  it('creates one key and replays the same response', async () => {
    const first = await create('intent-1');
    const second = await create('intent-1', { type: 'client', name: 'Once' });
    assert.equal(first.status, 201);
    assert.deepEqual([second.status, second.text], [201, first.text]);
    assert.equal(second.headers.get('etag'), first.headers.get('etag'));
    assert.equal((await named('Once')).length, 1);
  });

  it('creates one key for 50 concurrent requests with the same idempotency key', async () => {
    const body = { name: 'Fifty', type: 'server' };
    const answers = await Promise.all(Array.from({ length: 50 }, () => create('intent-50', body)));
    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([201]));
    assert.equal(new Set(answers.map(({ text }) => text)).size, 1);
    assert.equal((await named('Fifty')).length, 1);
  });

  it('rotates once for 50 concurrent requests with the same idempotency key', async () => {
    const { id } = await makeKey(api, { type: 'server' });
    const answers = await Promise.all(Array.from({ length: 50 }, () => rotate(id, 'rotate-50')));
    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]));
    assert.equal(new Set(answers.map(({ body }) => body.key)).size, 1);
    assert.deepEqual(
      answers[0]?.body.secrets.map(({ version }: { version: number }) => version),
      [2, 1],
    );
  });

  it('rejects the same idempotency key with another body', async () => {
    await create('intent-2');
    assertRefused(await create('intent-2', { ...BODY, name: 'Another' }), 422, 'idempotency_key_reused');
    assert.equal((await named('Another')).length, 0);
  });

  it('keeps idempotency keys separate per caller, method and path', async () => {
    const first = await create('intent-3');
    const colleague = await makeKey(api, { type: 'server' });
    const second = await create('intent-3', BODY, colleague.key);
    assert.notEqual(second.body.id, first.body.id);
    const there = await initProject(api.config);
    assert.notEqual((await create('intent-3', BODY, there.server_key)).body.id, first.body.id);
    const rotations = await Promise.all([first, second].map(({ body }) => rotate(body.id, 'intent-3')));
    assert.deepEqual(
      rotations.map(({ body }) => body.id),
      [first.body.id, second.body.id],
    );
  });

  it('does not store rejected requests', async () => {
    assertRefused(
      await create('intent-4', { ...BODY, expires_at: '2001-01-01T00:00:00Z' }),
      422,
      'validation_failed',
    );
    assert.equal((await create('intent-4')).status, 201);
  });
});

describe('replays that contain a secret', () => {
  it('replays a response with a secret for 15 minutes, then returns only the id', async () => {
    const body = { name: 'Aging', type: 'client' };
    const first = await create('intent-5', body);
    clock.advance(15 * MINUTE_MS - 1);
    assert.equal((await create('intent-5', body)).text, first.text);
    clock.advance(1);
    const late = await create('intent-5', body);
    assertRefused(late, 409, 'idempotency_replay_expired');
    assert.equal(late.body.key_id, first.body.id);
    assert.ok(!late.text.includes(first.body.key));
    assertRefused(await create('intent-5', BODY), 422, 'idempotency_key_reused');
    clock.advance(24 * 60 * MINUTE_MS);
    assert.notEqual((await create('intent-5', body)).body.id, first.body.id);
    assert.equal((await named('Aging')).length, 2);
  });

  it('replays a response only to the same presented secret', async () => {
    const caller = await makeKey(api, { type: 'server' });
    const first = await create('intent-6', BODY, caller.key);
    const { body } = await rotate(caller.id, 'unrelated');
    const asNewest = await create('intent-6', BODY, body.key);
    assertRefused(asNewest, 409, 'idempotency_replay_expired');
    assert.equal(asNewest.body.key_id, first.body.id);
  });
});

describe('replays after a change', () => {
  const SCOPES = ['keys:write', 'keys:read', 'apps:read'];

  it('replays a secret only while the caller still has all permissions of the key', async () => {
    const caller = await makeKey(api, { type: 'server', scopes: SCOPES });
    const body = { name: 'Mighty', type: 'server', scopes: SCOPES };
    const first = await create('intent-7', body, caller.key);
    const target = await makeKey(api, { type: 'server', scopes: SCOPES });
    const rotated = await rotate(target.id, 'intent-7', {}, caller.key);
    const allow = (scopes: string[]) =>
      api.call('PATCH', `/v1/api-keys/${caller.id}`, { key: root, body: { scopes } });
    await allow(['keys:write']);
    assertRefused(await create('intent-7', body, caller.key), 403, 'exceeds_own_permissions');
    assertRefused(await rotate(target.id, 'intent-7', {}, caller.key), 403, 'exceeds_own_permissions');
    await allow(SCOPES);
    assert.equal((await create('intent-7', body, caller.key)).text, first.text);
    assert.equal((await rotate(target.id, 'intent-7', {}, caller.key)).text, rotated.text);
  });

  const endings: [what: string, end: (id: string) => Promise<unknown>][] = [
    ['is revoked', (id) => api.call('DELETE', `/v1/api-keys/${id}`, { key: root })],
    ['has expired', async () => clock.advance(5 * MINUTE_MS)],
    ['has lost the replayed secret', (id) => rotate(id, 'unrelated', { grace_seconds: 0 })],
  ];
  for (const [what, end] of endings) {
    it(`does not replay a secret that no longer works because the key ${what}`, async () => {
      const expires_at = new Date(clock.now() + 5 * MINUTE_MS).toISOString();
      const body = { name: 'Mortal', type: 'client', expires_at };
      const first = await create(`intent ${what}`.replaceAll(' ', '-'), body);
      await end(first.body.id);
      const again = await create(`intent ${what}`.replaceAll(' ', '-'), body);
      assertRefused(again, 409, 'idempotency_replay_expired');
      assert.equal(again.body.key_id, first.body.id);
    });
  }

  it('replays the same response however the path is percent-encoded', async () => {
    const { id } = await makeKey(api, { type: 'client' });
    const first = await rotate(id, 'intent-8');
    const escaped = await rotate(id.replace('_', '%5F').replace('0', '%30'), 'intent-8');
    assert.deepEqual([escaped.status, escaped.text], [200, first.text]);
  });
});

describe('the Idempotency-Key header', () => {
  it('accepts 1 to 255 visible ASCII characters as an idempotency key', async () => {
    for (const idempotencyKey of ['', 'two words', 'a'.repeat(256), 'ü', 'a, b']) {
      const answer = await create(idempotencyKey);
      assertRefused(answer, 422, 'validation_failed');
      assert.equal(answer.body.errors[0].field, 'Idempotency-Key');
    }
    assert.equal((await create('!'.repeat(255))).status, 201);
    assert.equal((await create('~')).status, 201);
  });

  it('ignores the Idempotency-Key header on routes that create nothing', async () => {
    const headers = { 'idempotency-key': 'two words' };
    assert.equal((await api.call('GET', '/v1/api-keys', { key: root, headers })).status, 200);
  });
});

describe('idempotency after a crash', async () => {
  const config = makeConfig();
  const services = await openControlServices(config, clock);
  const project = await createProject(services, 'Crash', CLI_REQUESTER);
  const source = { callerId: 'key_a', method: 'POST', path: '/v1/api-keys', body: {} };
  const idempotencyKeyOf = (header: string): IdempotencyKey =>
    parseIdempotencyKey({ ...source, header, credential: 'sk' }, services.replaySecret);
  const body = { name: 'Survivor', type: 'server' } as const;
  const createWith = (used: typeof services, header: string) =>
    createSecretOnce(used, { project, by: CLI_GRANTOR, idempotencyKey: idempotencyKeyOf(header) }, (write) =>
      insertKey(used, write, project, body, CLI_GRANTOR),
    );
  const dies = () => Promise.reject(new Error('The process died here.'));

  it('replays a key that was stored before a crash between commit and response', async () => {
    const dying = { ...services, directory: { ...services.directory, refresh: dies } };
    await assert.rejects(createWith(dying, 'after'), /died here/);
    const reopened = await openControlServices(config, clock);
    const again = await createWith(reopened, 'after');
    assert.equal(reopened.directory.listKeys(project.id).length, 1);
    assert.equal(reopened.directory.listKeys(project.id)[0]?.id, again.id);
    assert.deepEqual(await createWith(reopened, 'after'), again);
    await reopened.close();
  });

  it('replays a response that an earlier release stored, which lacks a member added since', async () => {
    const first = await createWith(services, 'after');
    const { allowed_sdks: _, ...earlier } = first;
    await services.control.db
      .updateTable('idempotent_calls')
      .set({ sealed_answer: sealAnswer(idempotencyKeyOf('after'), earlier) })
      .execute();
    assert.equal(JSON.stringify(await createWith(services, 'after')), JSON.stringify(first));
  });

  it('creates the key again after a crash before the commit, which stored nothing', async () => {
    const dying = { ...services, audit: { append: dies } };
    await assert.rejects(createWith(dying, 'before'), /died here/);
    await services.directory.refresh();
    assert.equal(services.directory.listKeys(project.id).length, 1);
    await createWith(services, 'before');
    assert.equal(services.directory.listKeys(project.id).length, 2);
  });

  it('stores no readable secret, and deletes stored responses after 15 minutes', async () => {
    const sealed = await services.control.db.selectFrom('idempotent_calls').selectAll().execute();
    assert.equal(sealed.length, 2);
    assert.ok(!JSON.stringify(sealed).includes('sk_af1_'));
    clock.advance(15 * MINUTE_MS);
    // Deletes old responses at startup; stopping waits for that.
    await startClusterTasks(services)();
    const rows = await services.control.db.selectFrom('idempotent_calls').selectAll().execute();
    assert.deepEqual(
      rows.map((row) => row.sealed_answer),
      [null, null],
    );
    await services.close();
  });
});

describe('apps created with the same idempotency key', () => {
  const createApp = (idempotencyKey: string, body: object) =>
    api.call('POST', '/v1/apps', { key: root, body, headers: { 'idempotency-key': idempotencyKey } });
  const countApps = async (name: string) => {
    const { body } = await api.call('GET', '/v1/apps?limit=200', { key: root });
    return body.data.filter((app: { name: string }) => app.name === name).length;
  };

  it('creates one app for 20 concurrent requests, and replays the response for 24 hours', async () => {
    const body = { name: 'One app', platform: 'ios' };
    const answers = await Promise.all(Array.from({ length: 20 }, () => createApp('app-20', body)));
    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([201]));
    assert.equal(new Set(answers.map(({ text }) => text)).size, 1);
    assert.equal(await countApps('One app'), 1);
    clock.advance(24 * 60 * MINUTE_MS - 1);
    assert.equal((await createApp('app-20', body)).text, answers[0]?.text);
    clock.advance(1);
    assert.notEqual((await createApp('app-20', body)).body.id, answers[0]?.body.id);
  });

  it('rejects creating an app with the same idempotency key and another body', async () => {
    await createApp('app-2', { name: 'First', platform: 'ios' });
    const answer = await createApp('app-2', { name: 'Second', platform: 'ios' });
    assertRefused(answer, 422, 'idempotency_key_reused');
    assert.equal(await countApps('Second'), 0);
  });
});
