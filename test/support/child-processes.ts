import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';

import type { Initialized } from '../../src/cli/init-text.ts';
import { compileCache, killAtExit } from './adopt-child.ts';
import { eventServerOf } from './clickhouse-front.ts';
import { type Api, connect, stopBeforeRemoval } from './harness.ts';
import { requireNoSecrets, trackSecrets } from './minted-secrets.ts';
import { databaseOf } from './postgres.ts';

const ROOT = join(import.meta.dirname, '../..');

/** Returns the environment of a child, without Appflow variables that the developer's shell may have set. */
function childEnv(env: Record<string, string>): Record<string, string> {
  const { PATH = '', HOME = '' } = process.env;
  const folder = env.APPFLOW_DATA_DIR;
  const servers = { ...databaseOf(folder), ...eventServerOf(folder) };
  return { PATH, HOME, ...compileCache(), UV_THREADPOOL_SIZE: '8', ...servers, ...env };
}

/** The result of a command. */
export type CommandResult = { code: number | null; stdout: string; stderr: string };

/** A running command. `ended` resolves once it has exited. */
export type Command = { child: ChildProcess; ended: Promise<CommandResult> };

/**
 * Starts `appflow <args>` with `input`, or nothing, on standard input. Remembers keys on its standard output, and fails
 * if one is on standard error.
 */
export function startCli(
  args: readonly string[],
  env: Record<string, string>,
  input: string | Uint8Array = '',
): Command {
  const child = spawn(process.execPath, [join(ROOT, 'src/cli/main.ts'), ...args], {
    cwd: ROOT,
    env: childEnv(env),
    stdio: 'pipe',
  });
  killAtExit(child);
  // A command may exit without reading its input.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  const ended = Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]).then(
    ([stdout, stderr, [code]]) => {
      trackSecrets(stdout);
      requireNoSecrets(`Standard error of appflow ${args.join(' ')}`, stderr);
      return { code, stdout, stderr };
    },
  );
  return { child, ended };
}

/** Runs `appflow <args>` and returns its result. */
export function runCli(
  args: readonly string[],
  env: Record<string, string>,
  input?: string | Uint8Array,
): Promise<CommandResult> {
  return startCli(args, env, input).ended;
}

/** Creates a project in the data folder of `env` with the CLI. */
export async function initByCli(env: Record<string, string>): Promise<Initialized> {
  const { code, stdout, stderr } = await runCli(['init', '--json'], env);
  if (code !== 0) throw new Error(`init failed: ${stderr}`);
  return JSON.parse(stdout) as Initialized;
}

/** A server in a separate process, killed when the `await using` scope ends. */
export type ServerProcess = Api &
  AsyncDisposable & {
    child: ChildProcess;
    /** Sends SIGKILL and resolves once the process has exited. */
    kill: () => Promise<void>;
    /** Sends SIGTERM and returns the exit code. */
    stop: () => Promise<number | null>;
  };

/**
 * Starts the server and resolves once it is listening. `prefix` is a command to run it with, such as strace; `main` is
 * another entry point that prints the same line. Fails at the end if a key is in its log.
 */
export async function startServerProcess(
  env: Record<string, string>,
  prefix: readonly string[] = [],
  main = join(ROOT, 'src/main.ts'),
): Promise<ServerProcess> {
  const [command = '', ...args] = [...prefix, process.execPath, main];
  const child = spawn(command, args, {
    cwd: ROOT,
    env: childEnv({ PORT: '0', LOG_LEVEL: 'error', ...env }),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  killAtExit(child);
  const logged: string[] = [];
  child.stderr.on('data', (chunk) => {
    logged.push(String(chunk));
    process.stderr.write(chunk);
  });
  // Not 'close', which waits until all output has been read.
  const closed = once(child, 'exit');
  const end = async (signal: NodeJS.Signals) => {
    child.kill(signal);
    await closed;
  };
  stopBeforeRemoval(env.APPFLOW_DATA_DIR ?? '', async () => {
    await end('SIGKILL');
    requireNoSecrets("The server's log", logged.join(''));
  });
  try {
    const url = await findUrl(child);
    const stop = async () => {
      await end('SIGTERM');
      return child.exitCode;
    };
    const kill = () => end('SIGKILL');
    return { ...connect(url), child, kill, stop, [Symbol.asyncDispose]: kill };
  } catch (error) {
    await end('SIGKILL');
    throw error;
  }
}

async function findUrl({ stdout }: ChildProcess): Promise<string> {
  if (stdout === null) throw new Error('The server has no output.');
  for await (const line of createInterface({ input: stdout })) {
    const url = /ready on (\S+)/.exec(line)?.[1];
    if (url) return url;
  }
  throw new Error('The server ended before it listened.');
}
