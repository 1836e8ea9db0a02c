import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import autocannon from 'autocannon';

/** Connections of `measureSelf` unless it is given others. */
export const HTTP_CONNECTIONS = 32;

/**
 * Returns how many requests per second `GET /v1/api-keys/self` answers. Throws if none has the expected status, 200 or
 * 401.
 */
export async function measureSelf(
  url: string,
  key: string | undefined,
  seconds: number,
  expected: 200 | 401 = 200,
  connections = HTTP_CONNECTIONS,
): Promise<number> {
  const result = await autocannon({
    url: `${url}/v1/api-keys/self`,
    connections,
    duration: seconds,
    headers: key === undefined ? {} : { authorization: `Bearer ${key}` },
    // A separate thread shares no event loop with this one. The servers are separate processes.
    workers: 1,
  });
  const expectedCount = expected === 200 ? result['2xx'] : result['4xx'];
  if (expectedCount === 0) throw new Error(`${url} did not answer ${expected} even once.`);
  return result.requests.average;
}

/**
 * Returns the CPU time that a process has used, in seconds, on Linux. On a machine with other work, it says more than
 * requests per second.
 */
export function readCpuSeconds(pid: number): number {
  const [nanoseconds] = readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ');
  return Number(nanoseconds) / 1e9;
}

/** Events in each request, and requests in flight. */
export type IngestShape = { batch: number; connections: number };

/** The loads that ingestion is measured with. */
export const INGEST_SHAPES: readonly IngestShape[] = [
  { batch: 50, connections: 64 },
  { batch: 50, connections: 256 },
  { batch: 1, connections: 64 },
  { batch: 1, connections: 128 },
];

/** What ingest-load.ts prints: events per second, latency in ms, and the cores that the generator used. */
export type IngestFigures = {
  accepted: number;
  refused: number;
  perSecond: number;
  p50: number;
  p99: number;
  generatorCpuShare: number;
};

/** Sends events from a separate process for `seconds`, each connection as fast as it is answered; `form` is a name in `BATCHES`. */
export async function measureIngest(
  { url, key }: { url: string; key: string },
  { batch, connections }: IngestShape,
  seconds: number,
  form = 'appflow',
): Promise<IngestFigures> {
  const script = join(import.meta.dirname, 'ingest-load.ts');
  const args = [script, url, key, batch, connections, seconds, form].map(String);
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return JSON.parse(stdout);
}
