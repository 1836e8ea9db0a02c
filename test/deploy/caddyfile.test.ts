import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { killAtExit } from '../support/adopt-child.ts';
import { readRepositoryFile } from '../support/dockerfile.ts';
import { findFreePort } from '../support/free-port.ts';
import { connect, makeTempDir, startTestServer } from '../support/harness.ts';
import { isInstalled } from '../support/proxies.ts';
import { until } from '../support/until.ts';

/** Starts Caddy with deploy/Caddyfile in front of two nodes, and resolves once it answers. */
async function startCaddy(nodes: readonly string[]): Promise<{ url: string; stop: () => Promise<unknown> }> {
  const dir = makeTempDir();
  const url = `http://127.0.0.1:${await findFreePort()}`;
  const config = join(dir, 'Caddyfile');
  const text = nodes.reduce(
    (file, node, index) => file.replace(`node-${index + 1}:8080`, node),
    readRepositoryFile('deploy/Caddyfile'),
  );
  writeFileSync(config, `{\n admin off\n}\n${text}`);
  const env = {
    PATH: process.env.PATH,
    HOME: dir,
    XDG_DATA_HOME: dir,
    XDG_CONFIG_HOME: dir,
    APPFLOW_DOMAIN: url,
  };
  const child = spawn('caddy', ['run', '--config', config, '--adapter', 'caddyfile'], {
    stdio: 'ignore',
    env,
  });
  killAtExit(child);
  const exited = once(child, 'exit');
  await until(
    'the proxy answers',
    async () => (await fetch(`${url}/healthz`).catch(() => undefined))?.ok === true,
  );
  return {
    url,
    stop() {
      child.kill('SIGTERM');
      return exited;
    },
  };
}

it('the proxy of compose.yaml sends every request to a node that answers, and streams without delay', {
  skip: !isInstalled('caddy'),
}, async () => {
  const server = await startTestServer({ TRUSTED_PROXIES: '127.0.0.1' });
  const missing = `127.0.0.1:${await findFreePort()}`;
  const proxy = await startCaddy([missing, new URL(server.url).host]);
  try {
    const { call } = connect(proxy.url);
    const { server_key: key } = server.project;
    const stream = await fetch(`${proxy.url}/v1/events/stream?app_id=${server.project.app_id}`, {
      headers: { authorization: `Bearer ${key}` },
    });
    assert.equal(stream.status, 200);
    const reader = stream.body?.pipeThrough(new TextDecoderStream()).getReader();
    for (const id of ['a', 'b', 'c', 'd']) {
      const events = [{ event_id: id, event_name: 'app_open', app_user_id: 'user_1' }];
      const { status } = await call('POST', '/v1/events', {
        key,
        body: { app_id: server.project.app_id, events },
      });
      assert.equal(status, 200);
    }
    let seen = '';
    while (!seen.includes('"event_id":"d"')) {
      const { value, done } = (await reader?.read()) ?? { done: true };
      assert.equal(done, false, seen);
      seen += value;
    }
    await reader?.cancel();
  } finally {
    await proxy.stop();
  }
});
