import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { messageOf } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';
import { openReadOnlySqlite } from './sqlite.ts';

/** A check of the whole database that blocks nothing. */
export type PageCheck = {
  /** What is damaged, as sentences with what to do; empty if nothing was found, yet. */
  listProblems: () => string[];
  /** Ends the check, done or not. */
  stop: () => Promise<void>;
};

/** Returns what `listDamage` found as sentences with what to do. */
export function describeDamagedPages(file: string, damage: readonly string[]): string[] {
  if (damage.length === 0) return [];
  const what = damage.join('; ').replaceAll('\n', ' ');
  return [
    `The control database ${file} is damaged (${what}). Stop the server and restore the data folder from a backup.`,
  ];
}

/**
 * Checks all pages of the database in `file`, once, in a process of its own: the driver would block the event loop, and a
 * thread could not be stopped before it is done, which takes seconds per gigabyte.
 */
export function startPageCheck(file: string, log: Log): PageCheck {
  let problems: string[] = [];
  let isOver = false;
  const child = fork(fileURLToPath(import.meta.url), [file], {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  child.unref();
  child.channel?.unref();
  const ended = once(child, 'exit').catch((error: unknown) => {
    log.warn({ err: error }, 'the control database could not be checked');
  });
  child.once('message', (message) => {
    isOver = true;
    const { damage, failure } = message as Outcome;
    if (failure !== undefined) log.warn({ failure }, 'the control database could not be checked');
    problems = describeDamagedPages(file, damage);
    for (const problem of problems) log.error(problem);
  });
  // Comes after the last message, unlike 'exit'. SQLite may crash on a damaged file, and the system may be out of memory.
  child.once('disconnect', () => {
    if (!isOver) log.warn('the control database could not be checked: the process that reads it ended early');
  });
  return {
    listProblems: () => problems,
    async stop() {
      isOver = true;
      // Counts again: nothing else may keep this process alive until the other one has ended.
      child.ref();
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** What the process found, or why it could not check. */
type Outcome = { damage: string[]; failure?: string };

async function checkOnce(file: string): Promise<Outcome> {
  try {
    const { listDamage, close } = openReadOnlySqlite(file);
    const damage = listDamage();
    await close();
    return { damage };
  } catch (error) {
    return { damage: [], failure: messageOf(error) };
  }
}

if (import.meta.main) {
  process.send?.(await checkOnce(process.argv[2] ?? ''));
  process.disconnect();
}
