import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

// Everything quality.md says of keys, each part in a process of its own: none warms or crowds the next.
// `node bench/keys.ts 1` measures one second a round instead of four, when the machine has other work.
const seconds = process.argv[2] ?? '4';
const parts: readonly string[][] = [
  ['verify.ts', '10000'],
  ['verify.ts', '1000000'],
  ['http.ts', seconds],
  ['revoke.ts', '200'],
];
for (const [script = '', ...args] of parts) {
  // A million keys want more heap than Node takes by default on a small machine.
  const flags = ['--expose-gc', '--max-old-space-size=8192'];
  const { status } = spawnSync(process.execPath, [...flags, join(import.meta.dirname, script), ...args], {
    stdio: 'inherit',
  });
  if (status !== 0) process.exit(status ?? 1);
  console.log();
}
