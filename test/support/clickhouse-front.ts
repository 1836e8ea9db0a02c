import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cleanUp } from './clean-up.ts';

/** Whether this run keeps the events of its data folders on a ClickHouse server: see `clickhouse-process.ts`. */
const ON_SERVER = process.env.APPFLOW_TEST_EVENTS === 'clickhouse';

const urls = new Map<string, string>();

/** Returns the variable that names the event store of a data folder, in a run on a server. Starts one if necessary. */
export function eventServerOf(folder: string | undefined): { CLICKHOUSE_URL?: string } {
  if (!ON_SERVER || folder === undefined) return {};
  const url = urls.get(folder) ?? startFront();
  urls.set(folder, url);
  return { CLICKHOUSE_URL: url };
}

/** Starts a server that listens when this returns. Prints its process ID and port, because it goes on after the launcher. */
const LAUNCH = `
  const [file, folder, pid] = process.argv.slice(1);
  const options = { detached: true, stdio: ['ignore', 'pipe', 'ignore'] };
  const child = require('node:child_process').spawn(process.execPath, [file, folder, pid], options);
  child.stdout.once('data', (port) => {
    process.stdout.write(child.pid + ' ' + port, () => process.exit(0));
  });
`;

/** Starts a server on an empty folder and returns its URL. It is ended when the test file ends. */
export function startFront(): string {
  const folder = mkdtempSync(join(tmpdir(), 'appflow-clickhouse-'));
  const file = join(import.meta.dirname, 'clickhouse-process.ts');
  const args = ['-e', LAUNCH, file, folder, String(process.pid)];
  // Configurations are made without waiting.
  const [pid, port] = execFileSync(process.execPath, args, { encoding: 'utf8' }).trim().split(' ');
  cleanUp(() => {
    process.kill(Number(pid), 'SIGKILL');
    rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  });
  return `http://127.0.0.1:${port}`;
}
