import assert from 'node:assert/strict';
import { test } from 'node:test';
import { initByCli, runCli, startServerProcess } from '../support/child-processes.ts';
import { makeTempDir } from '../support/harness.ts';

test('refuses a client key, which would count again what a server key imported, and a read-only one', async () => {
  const env = { APPFLOW_DATA_DIR: makeTempDir() };
  const project = await initByCli(env);
  await using server = await startServerProcess(env);
  const event = '{"event_name":"app_open","app_user_id":"u_1"}\n';
  for (const [key, message] of [
    [project.client_key, /^That is a client key .*Import with a server key \(sk_…\)/],
    [project.read_only_key, /^That is a read-only key .*Import with a server key \(sk_…\)/],
  ] as const) {
    const ended = await runCli(['import'], { ...env, APPFLOW_API_KEY: key }, event);
    assert.deepEqual([ended.code, ended.stdout], [2, '']);
    assert.match(ended.stderr, message);
  }
  const { body } = await server.call('GET', '/v1/events', { key: project.server_key });
  assert.deepEqual(body.data, []);
});
