import { closeSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeTempDir } from '../support/harness.ts';
import { appendCommand, appendOnOpenPipe, openPipe, requireAllStored } from './stdin-starts.ts';

const LINES = 'not an event\n'.repeat(1_000);

test('parallel inserts never wait for a standard input that is an open pipe', () => appendOnOpenPipe(5));

test('data on a pipe, a socket or in a file at standard input fails no insert', async () => {
  const pipe = openPipe();
  writeSync(pipe, LINES);
  await requireAllStored(appendCommand(), pipe);
  // What Node gives a child process as a pipe is a socket.
  await requireAllStored(appendCommand(), 'pipe', (input) => input.write(LINES));
  const path = join(makeTempDir(), 'lines');
  writeFileSync(path, LINES);
  const file = openSync(path, 'r');
  await requireAllStored(appendCommand(), file);
  closeSync(file);
});

test('Enter in the terminal that a process runs in fails no insert', async (t) => {
  const command = appendCommand().join(' ');
  await requireAllStored(['script', '-qec', command, '/dev/null'], 'pipe', (terminal) => {
    const typing = setInterval(() => terminal.writable && terminal.write('\n'), 5);
    t.after(() => clearInterval(typing));
  });
});

test('a process that was started without standard input stores events', async () => {
  await requireAllStored(['sh', '-c', 'exec "$@" <&-', 'sh', ...appendCommand()], 'pipe');
});
