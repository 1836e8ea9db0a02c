import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

// Runs each bench in its own process, one after another, so that none affects the next.
for (const name of ['keys', 'ingest', 'limits']) {
  const { status } = spawnSync(process.execPath, ['--expose-gc', join(import.meta.dirname, `${name}.ts`)], {
    stdio: 'inherit',
  });
  if (status !== 0) process.exit(status ?? 1);
  console.log();
}
