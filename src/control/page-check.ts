import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import type { Log } from '../lib/log.ts';
import { openReadOnlySqlite } from './sqlite.ts';

/** A check of the whole database that blocks nothing. */
export type PageCheck = {
  /** What is damaged, as sentences with what to do; empty if nothing was found, yet. */
  listProblems: () => string[];
  stop: () => Promise<unknown>;
};

/** Returns what `listDamage` found as sentences with what to do. */
export function describeDamagedPages(file: string, damage: readonly string[]): string[] {
  if (damage.length === 0) return [];
  const what = damage.join('; ').replaceAll('\n', ' ');
  return [
    `The control database ${file} is damaged (${what}). Stop the server and restore the data folder from a backup.`,
  ];
}

/** Checks all pages of the database in `file`, once, in a thread: the driver would block the event loop. */
export function startPageCheck(file: string, log: Log): PageCheck {
  let problems: string[] = [];
  const worker = new Worker(new URL(import.meta.url), { workerData: { pageCheckOf: file } });
  worker.unref();
  worker.once('message', (damage: string[]) => {
    problems = describeDamagedPages(file, damage);
    for (const problem of problems) log.error(problem);
  });
  worker.once('error', (error) => log.warn({ err: error }, 'the control database could not be checked'));
  return { listProblems: () => problems, stop: () => worker.terminate() };
}

if (!isMainThread && typeof workerData?.pageCheckOf === 'string') {
  const { listDamage, close } = openReadOnlySqlite(workerData.pageCheckOf);
  parentPort?.postMessage(listDamage());
  await close();
}
