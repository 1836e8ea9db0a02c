import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { compileCache, killAtExit } from './adopt-child.ts';
import { type Api, connect, LIMITS_OFF, stopBeforeRemoval } from './harness.ts';
import { requireNoSecrets } from './minted-secrets.ts';
import { databaseOf } from './postgres.ts';

/** A server in a separate process, which can be signaled and has its own data folder. */
export type ChildServer = Api & {
  process: ChildProcess;
  /** Milliseconds from the start of `node` to its ready line. */
  readyMs: number;
  /** Returns everything it wrote so far: standard output, then the log. */
  output: () => string;
  /** Sends SIGTERM and resolves with the exit code and the milliseconds it took. */
  stop: () => Promise<{ code: number | null; ms: number }>;
};

/** The shell sets the limit, then becomes the server. */
const limitFiles = (max: number) => [
  '/bin/sh',
  '-c',
  `ulimit -n ${max}; exec "$0" "$1"`,
  process.execPath,
  MAIN,
];

const MAIN = join(import.meta.dirname, '../../src/main.ts');

/**
 * Starts `src/main.ts` with only these variables, and resolves once it prints that it is ready. `openFilesMax` is what
 * `ulimit -n` allows it. Fails at the end if a key is in its output.
 */
export async function startChildServer(
  env: Record<string, string>,
  openFilesMax?: number,
): Promise<ChildServer> {
  const startedAt = performance.now();
  const command = openFilesMax === undefined ? [process.execPath, MAIN] : limitFiles(openFilesMax);
  const [program = '', ...args] = command;
  const child = spawn(program, args, {
    env: {
      PATH: process.env.PATH,
      ...compileCache(),
      UV_THREADPOOL_SIZE: '8',
      PORT: '0',
      ...LIMITS_OFF,
      ...databaseOf(env.APPFLOW_DATA_DIR),
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  killAtExit(child);
  const printed: string[] = [];
  const logged: string[] = [];
  const exited = once(child, 'exit');
  stopBeforeRemoval(env.APPFLOW_DATA_DIR ?? '', async () => {
    child.kill('SIGKILL');
    await exited;
    requireNoSecrets("The server's output", printed.join('') + logged.join(''));
  });
  child.stderr.on('data', (chunk) => logged.push(String(chunk)));
  const url = await new Promise<string>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`The server exited with ${code}: ${logged.join('')}`)));
    child.stdout.on('data', (chunk) => {
      printed.push(String(chunk));
      const found = /ready on (\S+)/.exec(printed.join(''))?.[1];
      if (found) resolve(found);
    });
  });
  const readyMs = performance.now() - startedAt;
  return {
    ...connect(url),
    process: child,
    readyMs,
    output: () => printed.join('') + logged.join(''),
    async stop() {
      const from = performance.now();
      child.kill('SIGTERM');
      const [code] = await exited;
      return { code, ms: performance.now() - from };
    },
  };
}
