import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { after } from 'node:test';
import { type Api, connect, LIMITS_OFF } from './harness.ts';
import { requireNoSecrets } from './minted-secrets.ts';

/** A server in a process of its own: it can be signalled, and it takes its own data folder. */
export type ChildServer = Api & {
  process: ChildProcess;
  /** From the start of `node` to its first line, in milliseconds. */
  readyMs: number;
  /** All it wrote so far: standard output, then the log. */
  output: () => string;
  /** Sends SIGTERM and resolves with the exit code and how long that took. */
  stop: () => Promise<{ code: number | null; ms: number }>;
};

const MAIN = join(import.meta.dirname, '../src/main.ts');

/**
 * Starts `src/main.ts` with these variables and nothing else, and resolves when it says that it is ready. Fails in the
 * end when a key is in what it wrote.
 */
export async function startChildServer(env: Record<string, string>): Promise<ChildServer> {
  const startedAt = performance.now();
  const child = spawn(process.execPath, [MAIN], {
    env: { PATH: process.env.PATH, UV_THREADPOOL_SIZE: '8', PORT: '0', ...LIMITS_OFF, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said: string[] = [];
  const logged: string[] = [];
  after(() => {
    child.kill('SIGKILL');
    requireNoSecrets("The server's output", said.join('') + logged.join(''));
  });
  child.stderr.on('data', (chunk) => logged.push(String(chunk)));
  const url = await new Promise<string>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`The server exited with ${code}: ${logged.join('')}`)));
    child.stdout.on('data', (chunk) => {
      said.push(String(chunk));
      const found = /ready on (\S+)/.exec(said.join(''))?.[1];
      if (found) resolve(found);
    });
  });
  const readyMs = performance.now() - startedAt;
  return {
    ...connect(url),
    process: child,
    readyMs,
    output: () => said.join('') + logged.join(''),
    async stop() {
      const from = performance.now();
      const exited = child.exitCode === null ? once(child, 'exit') : Promise.resolve([child.exitCode]);
      child.kill('SIGTERM');
      const [code] = await exited;
      return { code, ms: performance.now() - from };
    },
  };
}
