import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { Redis } from 'ioredis';
import { adoptChild } from '../../support/adopt-child.ts';
import { findFreePort } from '../../support/free-port.ts';

const isInstalled = spawnSync('redis-server', ['--version']).status === 0;
const skip = isInstalled ? false : 'redis-server is not installed';

/** Options of a suite that needs `redis-server`. */
export const NEEDS_REDIS = { skip };

if (!isInstalled) {
  process.stderr.write('redis-server is not on this machine: THE TESTS OF SHARED LIMITS ARE SKIPPED.\n');
  // A skipped suite is not counted, a skipped test is: CI fails on it.
  test('tests that need redis-server', { skip }, () => undefined);
}

/** A Redis for one test, without persistence, killed when the `await using` scope ends. */
export type TestRedis = AsyncDisposable & {
  url: string;
  port: number;
  /** For inspecting it and setting it up, not for what is tested. */
  client: Redis;
  /** `kill -9`: resolves when the port is closed. */
  kill: () => Promise<void>;
  freeze: () => void;
  thaw: () => void;
};

/** Starts one and resolves when it replies. `settings` as on its command line, e.g. `['--maxmemory', '1mb']`. */
export async function startRedis(settings: readonly string[] = [], port?: number): Promise<TestRedis> {
  const chosen = port ?? (await findFreePort());
  const fixed = ['--port', String(chosen), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
  const child = spawn('redis-server', [...fixed, ...settings], { stdio: ['ignore', 'pipe', 'pipe'] });
  adoptChild(child);
  const kill = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  };
  await waitUntilReady(child);
  const password = settings[settings.indexOf('--requirepass') + 1];
  const client = new Redis(chosen, '127.0.0.1', {
    ...(settings.includes('--requirepass') && password ? { password } : {}),
    retryStrategy: () => 50,
  });
  client.on('error', () => undefined);
  const end = async () => {
    client.disconnect();
    await kill();
  };
  return {
    [Symbol.asyncDispose]: end,
    url: `redis://127.0.0.1:${chosen}`,
    port: chosen,
    client,
    kill,
    freeze: () => child.kill('SIGSTOP'),
    thaw: () => child.kill('SIGCONT'),
  };
}

async function waitUntilReady({ stdout }: ChildProcess): Promise<void> {
  if (stdout === null) throw new Error('Redis has no output.');
  for await (const line of createInterface({ input: stdout })) {
    if (line.includes('Ready to accept connections')) {
      stdout.resume();
      return;
    }
  }
  throw new Error('Redis exited before it was ready.');
}
