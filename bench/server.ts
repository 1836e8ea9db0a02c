import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { init } from '../src/cli/init.ts';
import type { Initialized } from '../src/cli/init-text.ts';
import { readConfig } from '../src/config/config.ts';

/** Rate limits off, as in every bench except the limiter's own. */
export const LIMITS_OFF = {
  APPFLOW_LIMIT_EVENTS_REQUESTS: 'off',
  APPFLOW_LIMIT_EVENTS: 'off',
  APPFLOW_LIMIT_EVENTS_IP_REQUESTS: 'off',
  APPFLOW_LIMIT_EVENTS_IP: 'off',
  APPFLOW_LIMIT_ANALYTICS: 'off',
  APPFLOW_LIMIT_ANALYTICS_IN_FLIGHT: 'off',
  APPFLOW_LIMIT_MANAGEMENT: 'off',
  APPFLOW_LIMIT_FAILED_AUTH: 'off',
  APPFLOW_LIMIT_LEAK_HOOK: 'off',
};

/** A server in a separate process. `firstLines` are the lines it printed up to its address. */
export type BenchServer = { url: string; pid: number; firstLines: string[]; stop: () => Promise<void> };

async function readUrl({ stdout }: ChildProcess): Promise<{ url: string; firstLines: string[] }> {
  let text = '';
  // Keep the stream open after the address: a server that prints more would otherwise crash.
  for await (const chunk of stdout?.iterator({ destroyOnReturn: false }) ?? []) {
    text += String(chunk);
    const url = /http:\/\/[\d.:]+/.exec(text)?.[0];
    if (!url) continue;
    stdout?.resume();
    return { url, firstLines: text.split('\n') };
  }
  throw new Error('The server did not start.');
}

/** Starts `script` with Node and waits until it prints its address. */
export async function startScript(script: string, env: Record<string, string>): Promise<BenchServer> {
  const child = spawn(process.execPath, [join(import.meta.dirname, script)], {
    env: { ...process.env, PORT: '0', UV_THREADPOOL_SIZE: '8', LOG_LEVEL: 'warn', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const { url, firstLines } = await readUrl(child);
  const stop = async () => {
    child.kill('SIGTERM');
    await once(child, 'exit');
  };
  return { url, pid: child.pid ?? 0, firstLines, stop };
}

/** Starts Appflow on a new data folder with one project. `stop` removes the folder. */
export async function startAppflow(
  env: Record<string, string> = LIMITS_OFF,
): Promise<BenchServer & { project: Initialized }> {
  const dataDir = mkdtempSync(join(tmpdir(), 'appflow-bench-'));
  const config = readConfig({ APPFLOW_DATA_DIR: dataDir, LOG_LEVEL: 'warn' });
  const project = await init(config, { project: 'Bench', app: 'Main', platform: 'ios' });
  const server = await startScript('../src/main.ts', { ...env, APPFLOW_DATA_DIR: dataDir });
  const stop = async () => {
    await server.stop();
    rmSync(dataDir, { recursive: true, force: true });
  };
  return { ...server, stop, project };
}
