import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createSecret, hintOf } from '../../src/directory/secret.ts';
import { openBrowser, PASSWORD, setUp, stepUp, tokenOf } from '../support/browser.ts';
import { runCli } from '../support/child-processes.ts';
import { type Answer, makeConfig, makeTempDir, startTestServer } from '../support/harness.ts';
import { trackSecrets } from '../support/minted-secrets.ts';

const api = await startTestServer();
const { server_key: key, client_key, app_id } = api.project;
const call = (method: string, path: string, body: unknown) => api.call(method, path, { key, body });

const foreignKey = createSecret('server');
const hint = hintOf(foreignKey);
// From now on it must not appear in any response, log, metric or file of the data folder.
trackSecrets(foreignKey);

describe('API keys in the fields of apps and projects', () => {
  it('rejects an API key in every text field of an app or project, and changes nothing', async () => {
    const before = (await api.call('GET', '/v1/apps', { key })).text;
    const text = `Notes ${foreignKey}`;
    const app = { name: 'Notes', platform: 'ios' };
    for (const [method, path, body, field] of [
      ['POST', '/v1/apps', { ...app, name: text }, 'name'],
      ['POST', '/v1/apps', { ...app, bundle_id: foreignKey }, 'bundle_id'],
      ['PATCH', `/v1/apps/${app_id}`, { name: text }, 'name'],
      ['PATCH', `/v1/apps/${app_id}`, { bundle_id: text }, 'bundle_id'],
      ['PATCH', '/v1/project', { name: text }, 'name'],
    ] as const) {
      const { status, body: answer } = await call(method, path, body);
      assert.deepEqual(
        [status, answer.errors?.map((error: Record<string, string>) => [error.field, error.code])],
        [422, [[field, 'holds_a_key']]],
        `${method} ${path} ${field}`,
      );
    }
    assert.equal((await api.call('GET', '/v1/apps', { key })).text, before);
    assert.equal(
      (await call('PATCH', `/v1/apps/${app_id}`, { bundle_id: null, name: 'sk_af1_' })).status,
      200,
    );
  });

  it('rejects an API key in the names passed to init, before anything is created', async () => {
    for (const option of ['--project', '--app']) {
      const { code, stderr } = await runCli(['init', option, `x ${foreignKey}`], {
        APPFLOW_DATA_DIR: makeTempDir(),
      });
      assert.equal(code, 2);
      assert.match(stderr, /Must not contain an API key/);
      assert.ok(!stderr.includes(foreignKey));
    }
    const { init } = await import('../../src/cli/init.ts');
    const options = { project: foreignKey, app: 'x', platform: 'ios' } as const;
    await assert.rejects(init(makeConfig(), options), /Invalid fields: name/);
  });
});

describe('API keys in the fields of accounts', () => {
  const email = `${foreignKey}@example.com`;
  const assertRefused = ({ status, body, text }: Answer, fields: string[]) =>
    assert.deepEqual(
      [status, body.errors?.map((error: Record<string, string>) => [error.field, error.code])],
      [422, fields.map((field) => [field, 'holds_a_key'])],
      text,
    );

  it('rejects an API key in every text field of an account, spends no link and changes nothing', async () => {
    const token = tokenOf(api.server.setupUrl);
    const both = { token, name: `I ${foreignKey}`, email, password: PASSWORD };
    assertRefused(await openBrowser(api.url).call('POST', '/app/v1/setup', { body: both }), [
      'name',
      'email',
    ]);
    const owner = await setUp(api.url, api.server.setupUrl);
    await stepUp(owner);
    const before = (await owner.call('GET', '/app/v1/session')).text;
    const invitations = `/app/v1/projects/${api.project.project_id}/invitations`;
    for (const [method, path, body, field] of [
      ['PATCH', '/app/v1/account', { name: foreignKey }, 'name'],
      ['PATCH', '/app/v1/account', { email }, 'email'],
      ['POST', '/app/v1/projects', { name: `My ${foreignKey}` }, 'name'],
      ['POST', invitations, { email, role: 'analyst' }, 'email'],
    ] as const) {
      assertRefused(await owner.call(method, path, { body }), [field]);
    }
    assert.equal((await owner.call('GET', '/app/v1/session')).text, before);
    const invited = await owner.call('POST', invitations, {
      body: { email: 'guest@example.com', role: 'analyst' },
    });
    const accept = (name: string) =>
      openBrowser(api.url).call('POST', '/app/v1/invitations/accept', {
        body: { token: tokenOf(invited.body.link), name, password: PASSWORD },
      });
    assertRefused(await accept(foreignKey), ['name']);
    assert.equal((await accept('Guest sk_af1_')).status, 200);
  });

  it('does not store a user agent with an API key in the list of sessions', async () => {
    const browser = openBrowser(api.url, { 'user-agent': `App/1.0 ${foreignKey}` });
    const body = { email: 'owner@example.com', password: PASSWORD };
    assert.equal((await browser.call('POST', '/app/v1/sign-in', { body })).status, 200);
    const { body: sessions } = await browser.call('GET', '/app/v1/sessions');
    assert.equal(sessions.data[0].user_agent, null);
  });
});

describe('API keys in events', () => {
  const send = async (...events: object[]) => {
    const { status, body, text } = await api.call('POST', '/v1/events', {
      key: client_key,
      body: { events },
    });
    assert.equal(status, 200, text);
    return body;
  };
  const find = async (query: string) => (await api.call('GET', `/v1/events?${query}`, { key })).body.data;
  const usual = { event_name: 'opened', app_user_id: 'u1' };

  it('stores only the hint of an API key in every field of an event, and warns the sender by field', async () => {
    const event = {
      event_name: 'pasted',
      event_id: `e-${foreignKey}`,
      app_user_id: `u-${foreignKey}`,
      session_id: foreignKey,
      properties: { note: `a\n${foreignKey}"`, deep: [{ [foreignKey]: foreignKey }], other: 'kept' },
      context: { platform: foreignKey, app_version: '1.0', sdk: `x/${foreignKey}` },
    };
    const answer = await send(event, usual);
    assert.deepEqual([answer.accepted, answer.rejected], [2, []]);
    const warned = answer.warnings.map(({ code, field, events }: Record<string, unknown>) => [
      code,
      field,
      events,
    ]);
    assert.deepEqual(
      warned,
      [
        ...['event_id', 'app_user_id', 'session_id', 'properties.note', `properties.deep.0.${hint}`],
        ...['context.platform', 'context.sdk'],
      ].map((field) => ['holds_a_key', field, 1]),
    );
    assert.match(
      answer.warnings[3].message,
      /only its hint was stored\. Don't send keys in events; revoke this one/,
    );
    const [stored] = await find('event_name=pasted');
    assert.deepEqual(
      [stored.event_id, stored.app_user_id, stored.session_id],
      [`e-${hint.replace('…', '...')}`, `u-${hint}`, hint],
    );
    assert.deepEqual(stored.properties, { note: `a\n${hint}"`, deep: [{ [hint]: hint }], other: 'kept' });
    assert.deepEqual([stored.context.platform, stored.context.app_version], [hint, '1.0']);
    assert.equal((await send(event)).duplicates, 1, 'sent again it is the same event');
  });

  it('does not repeat an API key that is the name of an unknown or invalid field', async () => {
    const { warnings } = await send({ ...usual, [foreignKey]: 1, context: { [foreignKey]: 1 } });
    assert.deepEqual(
      warnings.map(({ field }: { field: string }) => field),
      [hint, `context.${hint}`],
    );
    const deep = { [foreignKey]: [[[[[1]]]]] };
    const { rejected } = await send({ ...usual, properties: deep });
    assert.ok(rejected[0].field.startsWith(`properties.${hint}`), rejected[0].field);
  });

  it('stores text that only resembles an API key as it was sent', async () => {
    const almost = {
      cut: createSecret('client').slice(0, -1),
      mark: 'x_af1_y',
      prefix: `xx_af1_${'a'.repeat(49)}`,
    };
    const { accepted, warnings } = await send({ ...usual, event_name: 'almost', properties: almost });
    assert.deepEqual([accepted, warnings], [1, []]);
    assert.deepEqual((await find('event_name=almost'))[0].properties, almost);
  });
});
