import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Config, localUrl } from '../config/config.ts';
import { isAlive } from '../lib/is-alive.ts';

/** The file in a data folder with the process ID of the server that runs on it, the folder's identity, and the URL. */
const FILE = 'server-url';

type Recorded = { pid: number; url: string };

/** The files of servers in this process. */
const recordedHere = new Set<string>();

/**
 * Records in the data folder where its server is reached from this machine, so that commands find it on any port. Returns
 * a function that removes the record. Throws if the file cannot be written.
 */
export function recordServerUrl({ dataDir, host }: Config, listening: string): () => void {
  const file = join(dataDir, FILE);
  // A wildcard HOST cannot be connected to, so only the port is taken from where the server listens.
  const url = localUrl({ host, port: Number(new URL(listening).port || 80) });
  writeFileSync(file, `${process.pid} ${identify(dataDir)} ${url}\n`, { mode: 0o600 });
  recordedHere.add(file);
  return () => {
    recordedHere.delete(file);
    // The next server may have started already.
    if (read(dataDir)?.pid === process.pid) rmSync(file, { force: true });
  };
}

/** Returns the URL of the server that runs on this data folder; undefined if none does, or none could record it. */
export function findServerUrl({ dataDir }: Pick<Config, 'dataDir'>): string | undefined {
  const recorded = read(dataDir);
  // One that was killed leaves its record, and another server may listen on its port now.
  return recorded !== undefined && isRunning(recorded.pid, dataDir) ? recorded.url : undefined;
}

/** In a container, a command may have the process ID of the server that was killed in the one before: both are process 1. */
function isRunning(pid: number, dataDir: string): boolean {
  return pid === process.pid ? recordedHere.has(join(dataDir, FILE)) : isAlive(pid);
}

/** Returns `findServerUrl`, or else where a server with this configuration would listen. */
export function expectedServerUrl(config: Config): string {
  return findServerUrl(config) ?? localUrl(config);
}

function read(dataDir: string): Recorded | undefined {
  try {
    const text = readFileSync(join(dataDir, FILE), 'utf8');
    const [, pid, folder, url] = /^(\d{1,10}) (\d+:\d+) (https?:\/\/\S+)\n$/.exec(text) ?? [];
    if (url === undefined || folder !== identify(dataDir)) return undefined;
    return { pid: Number(pid), url };
  } catch {
    return undefined;
  }
}

/** Returns what a copy of a folder does not share: commands on a copy must not use the server of the original. */
function identify(dataDir: string): string {
  const { dev, ino } = statSync(dataDir);
  return `${dev}:${ino}`;
}
