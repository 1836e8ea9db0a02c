import type { ChildProcess } from 'node:child_process';

const children = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of children) child.kill('SIGKILL');
});

/** Kills a child process when this process exits, so that none stays behind a test that failed. */
export function killAtExit(child: ChildProcess): void {
  children.add(child);
  child.once('exit', () => children.delete(child));
}

/**
 * The same, and passes on what the child writes to standard error, which must be a pipe. Inherited, the output of the test
 * file would stay open as long as the child runs, and `node --test` would wait for it.
 */
export function adoptChild<Child extends ChildProcess>(child: Child): Child {
  killAtExit(child);
  child.stderr?.on('data', (chunk) => process.stderr.write(chunk));
  return child;
}

/** The variable that lets child processes share compiled code, if the test runner has a place for it; else nothing. */
export function compileCache(): { NODE_COMPILE_CACHE?: string } {
  const folder = process.env.APPFLOW_TEST_COMPILE_CACHE;
  return folder === undefined ? {} : { NODE_COMPILE_CACHE: folder };
}
