import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { embedded } from '../../src/warehouse/engine/embedded.ts';
import { FATAL_SIGNALS } from '../../src/warehouse/engine/fatal-signals.ts';
import { initByCli, startServerProcess } from '../support/child-processes.ts';
import { startChildServer } from '../support/child-server.ts';
import { LIMITS_OFF, makeTempDir } from '../support/harness.ts';

const SERVER = join(import.meta.dirname, 'exhausted-server.ts');
/** A second, and what a busy machine takes to write V8's report. The engine's own handler would take 306 s. */
const END_MS_MAX = 5_000;

// Before the first test: when all tests known so far have ended, their cleanups run.
const env = { APPFLOW_DATA_DIR: makeTempDir(), ...LIMITS_OFF };
const { client_key: key } = await initByCli(env);

/** The signals of FATAL_SIGNALS that this process catches, as Linux reports them (proc(5), SigCgt). */
function listCaught(): string[] {
  const mask = BigInt(`0x${/^SigCgt:\s*(\w+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]}`);
  return FATAL_SIGNALS.filter((signal) => (mask >> BigInt(constants.signals[signal] - 1)) & 1n);
}

test('an open engine catches no fatal signal, also after it was closed and opened again', async () => {
  const open = embedded(makeTempDir());
  const first = await open();
  assert.deepEqual(listCaught(), []);
  const second = await open();
  await Promise.all([first.close(), second.close()]);
  const third = await open();
  assert.deepEqual(listCaught(), []);
  await third.close();
});

test('a server that gets a fatal signal ends within a second, frees its port, and loses nothing acknowledged', async () => {
  let [port, last] = ['0', ''];
  for (const signal of ['SIGABRT', 'SIGSEGV', 'SIGBUS'] as const) {
    await using server = await startServerProcess({ ...env, PORT: port });
    const ids = [last, signal].filter((id) => id !== '');
    const events = ids.map((id) => ({ event_id: id, event_name: 'opened', app_user_id: 'u1' }));
    const { body } = await server.call('POST', '/v1/events', { key, body: { events } });
    assert.deepEqual([body.accepted, body.duplicates], [1, ids.length - 1]);
    assert.deepEqual(await endBy(server.child, signal), [null, signal]);
    [port, last] = [new URL(server.url).port, signal];
  }
});

test('a server opens no debugger when it gets SIGUSR1', async () => {
  const server = await startChildServer({ APPFLOW_DATA_DIR: makeTempDir() });
  server.process.kill('SIGUSR1');
  await setTimeout(500);
  assert.equal((await server.call('GET', '/healthz')).status, 200);
  assert.equal((await server.stop()).code, 0);
  assert.doesNotMatch(server.output(), /debugger|inspector/i);
});

test('a server that V8 ends because it is out of memory is gone within seconds, not minutes', async () => {
  await using server = await startServerProcess(
    { ...env, NODE_OPTIONS: '--max-old-space-size=150' },
    [],
    SERVER,
  );
  const ended = once(server.child, 'exit');
  server.child.kill('SIGUSR2');
  // Filling and collecting the heap takes most of it.
  const outcome = await Promise.race([ended, setTimeout(20_000, 'still there', { ref: false })]);
  assert.deepEqual(outcome, [null, 'SIGABRT']);
});

async function endBy(child: Awaited<ReturnType<typeof startServerProcess>>['child'], signal: NodeJS.Signals) {
  const ended = once(child, 'exit');
  child.kill(signal);
  return await Promise.race([ended, setTimeout(END_MS_MAX, 'still there', { ref: false })]);
}
