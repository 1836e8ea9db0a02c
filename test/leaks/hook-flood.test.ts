import assert from 'node:assert/strict';
import { it, mock } from 'node:test';
import { startServer } from '../../src/server/start.ts';
import { leakHook } from '../attacks/leak-hook.ts';
import { makeConfig } from '../support/harness.ts';

const FLOOD_MS = 2_000;

// Regression: while GitHub did not respond, each report wrote 934 bytes of log.
it('writes one line of log about unsigned reports while GitHub does not respond, however many come', async () => {
  const realFetch = globalThis.fetch;
  let fetches = 0;
  mock.method(globalThis, 'fetch', (...args: Parameters<typeof fetch>) => {
    if (!String(args[0]).includes('api.github.com')) return realFetch(...args);
    fetches += 1;
    return Promise.reject(new TypeError('fetch failed'));
  });
  const lines: string[] = [];
  const config = makeConfig({ LOG_LEVEL: 'warn' });
  const server = await startServer(config, {}, { write: (line) => lines.push(line) });
  const { url } = server;
  const nothing = {
    clientKey: '',
    readKey: '',
    serverKey: '',
    appId: '',
    person: { email: '', password: '' },
  };
  const outcome = await leakHook.run({ url, ...nothing }, AbortSignal.timeout(FLOOD_MS));
  await server.stop();
  mock.restoreAll();
  assert.match(outcome, /times 401/);
  assert.match(outcome, /times 503/);
  assert.equal(fetches, 1);
  assert.equal(lines.length, 1);
  assert.match(lines[0] ?? '', /cannot be fetched/);
});
