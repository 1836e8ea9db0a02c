import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

// All benches of API keys, each in its own process, so that none affects the next.
// `node bench/keys.ts 1` measures one second per round instead of four, for a machine with other work.
const seconds = process.argv[2] ?? '4';
const parts: readonly string[][] = [
  ['verify.ts', '10000'],
  ['verify.ts', '1000000'],
  ['directory.ts', '1000000'],
  ['http.ts', seconds],
  ['revoke.ts', '200'],
];
for (const [script = '', ...args] of parts) {
  // A million keys need more heap than Node's default on a small machine.
  const flags = ['--expose-gc', '--max-old-space-size=8192'];
  const { status } = spawnSync(process.execPath, [...flags, join(import.meta.dirname, script), ...args], {
    stdio: 'inherit',
  });
  if (status !== 0) process.exit(status ?? 1);
  console.log();
}
