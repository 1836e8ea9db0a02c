import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, cpSync, existsSync, globSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { killAtExit } from '../support/adopt-child.ts';
import { findFreePort } from '../support/free-port.ts';
import { LOCALE, runOnServer, urlOf } from '../support/postgres.ts';

const [initdb] = globSync([
  '/usr/lib/postgresql/*/bin/initdb',
  '/usr/local/bin/initdb',
  '/usr/bin/initdb',
]).toReversed();
const skip = initdb === undefined ? 'PostgreSQL is not installed' : false;

/** Options of a suite that needs a PostgreSQL of its own. */
export const NEEDS_POSTGRES = { skip };

if (skip) {
  process.stderr.write('PostgreSQL is not on this machine: ITS TESTS ARE SKIPPED.\n');
  // A skipped suite is not counted, a skipped test is: CI fails on it.
  test('tests that need PostgreSQL', { skip }, () => undefined);
}

const binary = (name: string) => join(initdb ?? '', '..', name);
/** PostgreSQL refuses to run as root. Debian's package creates a user for it. */
const user = process.getuid?.() === 0 ? { uid: idOf('-u'), gid: idOf('-g') } : {};

function idOf(option: string): number {
  return Number(execFileSync('id', [option, 'postgres'], { encoding: 'utf8' }));
}

/** A PostgreSQL of a test, with the database `appflow` in it; killed when the `await using` scope ends. */
export type TestPostgres = AsyncDisposable & {
  port: number;
  url: string;
  /** Creates another database, and returns its URL. */
  createDatabase: () => Promise<string>;
  /** Runs statements on it, not for what is tested. */
  run: (...statements: string[]) => Promise<unknown[][]>;
  /** `kill -9` of all of it. Resolves when the port is closed. */
  kill: () => Promise<void>;
  start: () => Promise<void>;
  /** Copies its files, which must not be in use, and returns a server on the copy that is not started yet. */
  copy: () => Promise<TestPostgres>;
  /** Makes the next start that of a standby, which has to be promoted. */
  becomeStandby: () => void;
};

/** Creates a server and starts it. */
export async function startPostgres(): Promise<TestPostgres> {
  const folder = makeFolder();
  execFileSync(
    initdb ?? '',
    ['-D', folder, '-U', 'postgres', '-A', 'trust', '--no-sync', '-E', 'UTF8'],
    user,
  );
  const server = await describeServer(folder);
  await server.start();
  await runOnServer([`CREATE DATABASE appflow ${LOCALE}`], urlOf('postgres', server.url));
  return server;
}

function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'appflow-postgres-'));
  if (user.uid !== undefined) chownSync(folder, user.uid, user.gid);
  return folder;
}

async function describeServer(folder: string): Promise<TestPostgres> {
  const port = await findFreePort();
  const url = `postgres://postgres@127.0.0.1:${port}/appflow`;
  let child: ChildProcess | undefined;
  let databases = 0;

  async function kill(): Promise<void> {
    if (child === undefined) return;
    const exited = once(child, 'exit');
    // Its processes are killed too, as if the machine had failed.
    const parent = child.pid;
    execFileSync('pkill', ['-KILL', '-P', String(parent)]);
    child.kill('SIGKILL');
    await exited;
    child = undefined;
  }

  async function start(): Promise<void> {
    // A killed server leaves its lock behind.
    rmSync(join(folder, 'postmaster.pid'), { force: true });
    const settings = [
      'fsync=off',
      'unix_socket_directories=',
      'listen_addresses=127.0.0.1',
      'shared_buffers=16MB',
    ];
    const options = settings.flatMap((setting) => ['-c', setting]);
    child = spawn(binary('postgres'), ['-D', folder, '-p', String(port), ...options], {
      ...user,
      stdio: 'ignore',
    });
    killAtExit(child);
    await waitUntilReady(url);
  }

  return {
    port,
    url,
    async createDatabase() {
      databases += 1;
      await runOnServer([`CREATE DATABASE test${databases} ${LOCALE}`], url);
      return urlOf(`test${databases}`, url);
    },
    run: (...statements) => runOnServer(statements, url),
    kill,
    start,
    async copy() {
      const other = makeFolder();
      cpSync(folder, other, { recursive: true });
      if (user.uid !== undefined) execFileSync('chown', ['-R', 'postgres:postgres', other]);
      return await describeServer(other);
    },
    becomeStandby() {
      writeFileSync(join(folder, 'standby.signal'), '');
    },
    async [Symbol.asyncDispose]() {
      await kill();
      if (existsSync(folder)) rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function waitUntilReady(url: string): Promise<void> {
  const server = urlOf('postgres', url);
  for (;;) {
    try {
      await runOnServer(['SELECT 1'], server);
      return;
    } catch {
      await sleep(50);
    }
  }
}
