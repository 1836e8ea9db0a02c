import { spawn } from 'node:child_process';
import { PassThrough, type Readable } from 'node:stream';

/** Ctrl-C reaches both processes of a terminal; how the import stops is up to the parent. */
const COPY_SCRIPT = `process.on('SIGINT', () => undefined);
process.stdin.pipe(process.stdout);`;

/**
 * Returns standard input as a child process reads it: an import that starts its own server loses descriptor 0 to the
 * engine (see warehouse/engine/detach-stdin.ts). Call it before that; destroying the stream stops the child.
 */
export function openStdin(): Readable {
  const child = spawn(process.execPath, ['-e', COPY_SCRIPT], { stdio: ['inherit', 'pipe', 'ignore'] });
  const input = new PassThrough();
  // The end of the output is not the end of the input: the child may have died before it.
  child.stdout.pipe(input, { end: false });
  child.once('close', (code) => {
    if (code === 0) input.end();
    else input.destroy(new Error('Standard input could not be read completely.'));
  });
  child.once('error', (error) => input.destroy(error));
  // Thrown to the reader; without a listener it would end a process that does not read yet.
  input.on('error', () => undefined);
  input.once('close', () => child.kill('SIGKILL'));
  return input;
}
