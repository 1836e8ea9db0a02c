import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { listBundledFiles } from './bundled-files.ts';

// Run by `npm start`: builds the dashboard if its sources differ from those of the last build.
const here = import.meta.dirname;
const stampFile = join(here, 'dist', '.made-of');

/** By content, not by time: a checkout, a copy or an image changes the times of files. */
function fingerprint(): string {
  const hash = createHash('sha256');
  const sources = ['index.html', 'vite.config.ts', 'package.json', '../package-lock.json'];
  for (const name of [...sources, ...listBundledFiles()]) {
    hash
      .update(`${name}\0`)
      .update(readFileSync(join(here, name)))
      .update('\0');
  }
  return hash.digest('hex');
}

function isFresh(wanted: string): boolean {
  return existsSync(stampFile) && readFileSync(stampFile, 'utf8') === wanted;
}

function findVite(): string | undefined {
  try {
    return join(dirname(createRequire(import.meta.url).resolve('vite/package.json')), 'bin/vite.js');
  } catch {
    // Installed without development packages (`npm ci --omit=dev`): the server serves the last build.
    return undefined;
  }
}

/** Builds if needed. The server starts either way: the API does not need the dashboard. */
function main(): void {
  const wanted = fingerprint();
  if (isFresh(wanted)) return;
  const vite = findVite();
  if (vite === undefined) return;
  process.stdout.write('Building the dashboard (once after each change) …\n');
  const { status } = spawnSync(process.execPath, [vite, 'build', '--logLevel', 'warn'], {
    cwd: here,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (status === 0) writeFileSync(stampFile, wanted);
  else process.stderr.write('The dashboard could not be built; the API starts without it.\n');
}

main();
