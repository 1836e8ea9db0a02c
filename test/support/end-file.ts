import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** A minute more than the longest time limit of a test, which node:test also applies to a whole file. */
const FILE_MS_MAX = 26 * 60_000;
/** Writing a coverage file takes less. */
const WRITING_MS = 2_000;

// Preloaded into every test file. node:test reports a file that exceeds its time limit, but does not end its process, and
// waits for it: a file that never gets to its tests, or leaves something open, would keep the run from ending.
if (process.env.NODE_TEST_CONTEXT !== undefined) {
  setTimeout(() => {
    const open = process.getActiveResourcesInfo().join(', ');
    process.stderr.write(`${process.argv[1]} did not end. Still open: ${open}\n`);
    process.exit(1);
  }, FILE_MS_MAX).unref();
  process.once('exit', () => removeEmptyCoverage(process.env.NODE_V8_COVERAGE));
}

/** Removes what processes left that were killed while they ended: node:test reports no coverage at all if one file is empty. */
function removeEmptyCoverage(folder: string | undefined): void {
  if (!folder) return;
  for (const name of readdirSync(folder)) {
    const file = join(folder, name);
    const stats = statSync(file, { throwIfNoEntry: false });
    if (stats?.size === 0 && Date.now() - stats.mtimeMs > WRITING_MS) rmSync(file, { force: true });
  }
}
