import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteControl } from '../src/control/open-sqlite.ts';
import { openDirectory } from '../src/directory/directory.ts';
import { derivePepper } from '../src/directory/secret.ts';
import { systemClock } from '../src/lib/clock.ts';
import { fillKeys } from './fill-keys.ts';
import { describeRun } from './report.ts';

// Memory and time of a start with many keys: node --expose-gc bench/directory.ts 1000000
// Another process stores the keys, so that its memory does not count.

const KEYS = Number(process.argv[2] ?? 1_000_000);
const [, , , fillFile] = process.argv;

const open = (file: string) => openSqliteControl(file, systemClock());
const megabytes = (bytes: number) => Math.round(bytes / 1e6);

async function fill(file: string): Promise<void> {
  const control = await open(file);
  // While it is open: after its close, the checksum of the file would report the keys as damage.
  fillKeys(file, derivePepper('a secret for the bench, of no use elsewhere'), KEYS, 1);
  await control.close();
}

/** Returns a function that stops the watch and returns the longest turn of the event loop so far, in milliseconds. */
function watchTurns(): () => number {
  let [longestMs, lastAt] = [0, performance.now()];
  let next = setImmediate(turn);
  function turn(): void {
    const now = performance.now();
    longestMs = Math.max(longestMs, now - lastAt);
    lastAt = now;
    next = setImmediate(turn);
  }
  return () => {
    clearImmediate(next);
    return longestMs;
  };
}

async function measure(): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'appflow-bench-'));
  const file = join(dir, 'control.db');
  const script = [...process.execArgv, import.meta.filename, String(KEYS), file];
  const { status } = spawnSync(process.execPath, script, { stdio: 'inherit' });
  if (status !== 0) throw new Error('The keys were not stored.');
  const control = await open(file);
  const before = process.memoryUsage().rss;
  const cpuBefore = process.cpuUsage();
  const startedAt = performance.now();
  const stop = watchTurns();
  const directory = await openDirectory(control);
  const seconds = (performance.now() - startedAt) / 1_000;
  const longestMs = stop();
  const { user, system } = process.cpuUsage(cpuBefore);
  globalThis.gc?.();
  console.log(describeRun('A start with many keys', `${directory.countKeys()} keys of one project`));
  console.log(
    `loaded in ${seconds.toFixed(1)} s, ${((user + system) / 1e6).toFixed(1)} s of CPU, longest turn ${Math.round(longestMs)} ms; RSS ${megabytes(process.memoryUsage().rss)} MB, ${megabytes(before)} MB before`,
  );
  directory.close();
  await control.close();
  rmSync(dir, { recursive: true, force: true });
}

await (fillFile === undefined ? measure() : fill(fillFile));
