import { after } from 'node:test';
import { inspect } from 'node:util';

/** How long a file may take to end after its last test. Its own cleanups need less than a third of it. */
const END_MS = 60_000;

const failures: unknown[] = [];

process.on('exit', () => {
  for (const failure of failures) process.stderr.write(`A cleanup failed: ${inspect(failure)}\n`);
  if (failures.length > 0) process.exitCode = 1;
});

// Without this, a child process or a socket that is left open keeps the whole run from ending: node:test has a time
// limit for tests, but none for files.
after(() => {
  setTimeout(() => {
    process.stderr.write(
      `The file did not end. Still open: ${process.getActiveResourcesInfo().join(', ')}\n`,
    );
    process.exit(1);
  }, END_MS).unref();
});

/**
 * Runs `work` at the end of the current test, suite or file, in the order of the calls. Unlike a failed hook of
 * node:test, failed work does not skip the work that follows, such as stopping a server. It fails the file when the
 * process exits.
 */
export function cleanUp(work: () => unknown): void {
  after(async () => {
    try {
      await work();
    } catch (error) {
      failures.push(error);
    }
  });
}
