import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { AppflowAdmin } from '../../client/src/admin.ts';
import { runCli } from '../support/child-processes.ts';
import { initProject, startTestServer } from '../support/harness.ts';

const api = await startTestServer();
const big = '9007199254740993';

/** A new project, what it stored by event ID, and how to send it a batch. */
async function makeProject() {
  const { server_key: key, client_key } = await initProject(api.config);
  const list = async () => {
    const { body, text } = await api.call('GET', '/v1/events', { key });
    const rows: { event_id: string; event_name: string; properties: object }[] = body.data;
    return { text, byId: new Map(rows.map((row) => [row.event_id, row])) };
  };
  const send = (body: string) => api.call('POST', '/v1/events', { key: client_key, body });
  return { key, list, send };
}

const line = (id: string, name: string) =>
  `{"event_id":"${id}","event_name":"${name}","app_user_id":"u1","properties":{"revenue":"9.99","order":${big}}}`;

describe('names of any form', () => {
  it('are rejected unless the batch says normalize_names', async () => {
    const { send, list } = await makeProject();
    for (const member of ['', '"normalize_names":false,', '"normalize_names":null,']) {
      const { status, body } = await send(`{${member}"events":[${line('e1', 'Order Completed')}]}`);
      assert.deepEqual([status, body.rejected[0]?.code], [200, 'invalid_event_name']);
    }
    assert.equal((await list()).byId.size, 0);
    const wrong = await send(`{"normalize_names":"yes","events":[${line('e1', 'Order Completed')}]}`);
    assert.equal(wrong.status, 422);
  });

  it('are stored as names of ours, with what was sent and every digit', async () => {
    const { send, list } = await makeProject();
    const events = [line('e1', 'Order Completed'), line('e2', 'order_completed'), line('e3', '')];
    const { body } = await send(`{"normalize_names":true,"events":[${events}]}`);
    assert.equal(body.accepted, 2);
    assert.deepEqual(
      body.rejected.map(({ index, code }: { index: number; code: string }) => [index, code]),
      [[2, 'invalid_event_name']],
    );
    const { byId, text } = await list();
    assert.equal(byId.get('e1')?.event_name, 'order_completed');
    assert.equal(text.split(`"order":${big}`).length - 1, 2);
    assert.deepEqual(Object.keys(byId.get('e1')?.properties ?? {}).sort(), [
      '$original_name',
      'order',
      'revenue',
    ]);
    assert.deepEqual(Object.keys(byId.get('e2')?.properties ?? {}).sort(), ['order', 'revenue']);
  });

  it('are stored by the client with normalizeNames, for one batch and for many', async () => {
    const { key, list } = await makeProject();
    const admin = new AppflowAdmin({ apiKey: key, baseUrl: api.url });
    const event = (event_id: string) => ({ event_id, event_name: 'App Opened!', app_user_id: 'u1' });
    const strict = await admin.events.send([event('e1')]);
    assert.equal(strict.rejected.length, 1);
    await admin.events.send([event('e1')], { normalizeNames: true });
    await admin.events.sendAll([event('e2'), event('e3')], { normalizeNames: true, batchSize: 1 });
    const names = [...(await list()).byId.values()].map(({ event_name }) => event_name);
    assert.deepEqual(names, ['app_opened', 'app_opened', 'app_opened']);
  });

  it('are imported with --normalize-names, also by a run after one without it', async () => {
    const { key, list } = await makeProject();
    const env = { APPFLOW_DATA_DIR: api.config.dataDir, APPFLOW_API_KEY: key };
    const lines = `${line('e1', 'sign_up')}\n${line('e2', 'Order Completed')}\n`;
    const strict = await runCli(['import', '--url', api.url, '--json'], env, lines);
    assert.equal(strict.code, 1, strict.stderr);
    const { code, stdout } = await runCli(
      ['import', '--url', api.url, '--normalize-names', '--json'],
      env,
      lines,
    );
    const { accepted, duplicates } = JSON.parse(stdout);
    assert.deepEqual([code, accepted, duplicates], [0, 1, 1]);
    assert.equal((await list()).byId.get('e2')?.event_name, 'order_completed');
  });
});
