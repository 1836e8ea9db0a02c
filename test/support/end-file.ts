/** A minute more than the longest time limit of a test, which node:test also applies to a whole file. */
const FILE_MS_MAX = 16 * 60_000;

// Preloaded into every test file. node:test reports a file that exceeds its time limit, but does not end its process, and
// waits for it: a file that never gets to its tests, or leaves something open, would keep the run from ending.
if (process.env.NODE_TEST_CONTEXT !== undefined) {
  setTimeout(() => {
    const open = process.getActiveResourcesInfo().join(', ');
    process.stderr.write(`${process.argv[1]} did not end. Still open: ${open}\n`);
    process.exit(1);
  }, FILE_MS_MAX).unref();
}
