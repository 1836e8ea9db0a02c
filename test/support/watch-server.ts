import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from './harness.ts';

/** The worst of what a server needed, and how it answered, over a time. */
export type Worst = { rssMb: number; files: number; healthMs: number; healthFailures: number };

const SAMPLE_MS = 100;
const HEALTH_MS_MAX = 30_000;

/** Returns the memory that a process uses, in MB of 1,000,000 bytes (Linux). */
export function readRssMb(pid: number): number {
  const kb = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return (Number(kb) * 1_024) / 1e6;
}

/** Returns how many files, sockets included, a process has open (Linux). */
export const countFiles = (pid: number): number => readdirSync(`/proc/${pid}/fd`).length;

/**
 * Watches a server until the signal fires: its memory, its open files, and how long `/healthz` takes over a new connection,
 * one request after another. Returns the worst of each.
 */
export async function watchServer(pid: number, url: string, signal: AbortSignal): Promise<Worst> {
  const worst: Worst = { rssMb: 0, files: 0, healthMs: 0, healthFailures: 0 };
  while (!signal.aborted) {
    const startedAt = performance.now();
    const answer = await fetch(`${url}/healthz`, {
      headers: { connection: 'close' },
      signal: AbortSignal.timeout(HEALTH_MS_MAX),
    })
      .then((response) => response.text())
      .catch(() => undefined);
    worst.healthMs = Math.max(worst.healthMs, performance.now() - startedAt);
    if (answer === undefined) worst.healthFailures += 1;
    worst.rssMb = Math.max(worst.rssMb, readRssMb(pid));
    worst.files = Math.max(worst.files, countFiles(pid));
    await sleep(SAMPLE_MS);
  }
  return worst;
}

/** Calls with a key every `everyMs` until the signal fires. Returns the statuses other than 200; 0 for no answer. */
export async function callWithKey(
  { url, key, everyMs }: { url: string; key: string; everyMs: number },
  signal: AbortSignal,
): Promise<number[]> {
  const refused: number[] = [];
  const api = connect(url);
  while (!signal.aborted) {
    const status = await api.call('GET', '/v1/api-keys/self', { key }).then(
      (answer) => answer.status,
      () => 0,
    );
    if (status !== 200) refused.push(status);
    await sleep(everyMs);
  }
  return refused;
}
