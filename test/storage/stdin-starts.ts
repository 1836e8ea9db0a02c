import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { adoptChild } from '../support/adopt-child.ts';
import { cleanUp } from '../support/clean-up.ts';
import { makeTempDir } from '../support/harness.ts';

const CHILD = join(import.meta.dirname, 'stdin-child.ts');
const BLOCKS = 20;
const HANG_MS = 60_000;

/**
 * Delays the return of each fcntl(2), so that changes of one descriptor's flags overlap in every run and not once in some
 * thousand inserts.
 */
const STRETCH_RACE = 'strace -f -qq -o /dev/null -e trace=fcntl -e inject=fcntl:delay_exit=500'.split(' ');

/** Returns the command that opens a new event store, appends to it and prints what came of it. */
export function appendCommand(): string[] {
  return [process.execPath, CHILD, makeTempDir(), String(BLOCKS)];
}

/**
 * Runs the command on standard input `stdin`; `use` gets our end of it when that is `pipe`, which closes once the
 * command has printed. Fails unless all is stored and standard input is the null device.
 */
export async function requireAllStored(
  [file = '', ...args]: readonly string[],
  stdin: number | 'pipe',
  use: (input: Writable) => void = () => undefined,
): Promise<void> {
  const child = spawn(file, args, {
    env: { PATH: process.env.PATH, UV_THREADPOOL_SIZE: '8' },
    stdio: [stdin, 'pipe', 'pipe'],
    // A group of its own: all of it is killed when something in it hangs.
    detached: true,
  });
  adoptChild(child);
  const timer = setTimeout(() => child.pid !== undefined && process.kill(-child.pid, 'SIGKILL'), HANG_MS);
  let output = '';
  child.stdout?.setEncoding('utf8').on('data', (text) => {
    output += text;
    if (output.includes('}')) child.stdin?.end();
  });
  child.stdin?.on('error', () => undefined);
  if (child.stdin) use(child.stdin);
  await once(child, 'close');
  clearTimeout(timer);
  const stored = String(BLOCKS);
  const outcome = /\{.*\}/.exec(output)?.[0] ?? '{}';
  assert.deepEqual(JSON.parse(outcome), { events: stored, ids: stored, users: stored, isNull: true }, output);
}

/** Returns a descriptor of a pipe that stays open, for reading and for writing. */
export function openPipe(): number {
  const file = join(makeTempDir(), 'pipe');
  execFileSync('mkfifo', [file]);
  const pipe = openSync(file, 'r+');
  cleanUp(() => closeSync(pipe));
  return pipe;
}

/** Starts `times` processes that append while their standard input is an open pipe with nothing in it. */
export async function appendOnOpenPipe(times: number): Promise<void> {
  const pipe = openPipe();
  for (let start = 0; start < times; start += 1) {
    await requireAllStored([...STRETCH_RACE, ...appendCommand()], pipe);
  }
}
