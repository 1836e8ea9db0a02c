import assert from 'node:assert/strict';
import { it, mock } from 'node:test';
import { startServer } from '../../src/server/start.ts';
import { leakHook } from '../attacks/leak-hook.ts';
import { makeConfig, stopBeforeRemoval } from '../support/harness.ts';

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
  stopBeforeRemoval(config.dataDir, server.stop);
  const { url } = server;
  const nothing = {
    clientKey: '',
    readKey: '',
    serverKey: '',
    appId: '',
    person: { email: '', password: '' },
  };
  const outcome = await leakHook.run({ url, ...nothing }, AbortSignal.timeout(FLOOD_MS));
  mock.restoreAll();
  assert.match(outcome, /times 401/);
  assert.match(outcome, /times 503/);
  assert.equal(fetches, 1);
  // A machine with much else to do makes the server shed load, which it logs too.
  const [line = '', ...more] = lines.filter((one) => !one.includes('too busy'));
  assert.match(line, /cannot be fetched/);
  assert.deepEqual(more, []);
});
