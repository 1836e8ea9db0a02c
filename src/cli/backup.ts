import { setTimeout } from 'node:timers/promises';
import { type Command, InvalidArgumentError } from 'commander';
import { type Config, readCommandConfig } from '../config/config.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../lib/durations.ts';
import { messageOf } from '../lib/errors.ts';
import { PROGRAM } from '../lib/program.ts';
import type { BackupDestination } from './backup/destination.ts';
import { notify, printResult } from './terminal/print.ts';

type Options = { keep?: number; every?: number; json?: true };

const DETAILS = `
A backup contains projects, keys, people, the audit log and all events, as of one moment. Events are accepted meanwhile.
It does NOT contain the secret, without which the server does not start: keep a copy of it elsewhere.
If events or keys are lost, the backup says so, no backup is removed, and the exit code is 1.

Example: back up every night and keep the latest seven:
  ${PROGRAM} backup /mnt/backups --every 24h --keep 7`;

/** Adds `appflow backup`, which copies an installation as of one moment, also while its server runs. */
export function addBackupCommand(program: Command): void {
  program
    .command('backup')
    .description('back up projects, keys, people and events, with or without a running server')
    .argument('<destination>', 'folder for backups, on another disk if possible')
    .option('--keep <n>', 'keep only the latest N backups of this installation', parseKeep)
    .option('--every <duration>', 'repeat every 30m, 24h or 7d until it is stopped', parseEvery)
    .option('--json', 'print one JSON line for each backup')
    .addHelpText('after', DETAILS)
    .action(async (text: string, options: Options) => {
      const config = readCommandConfig();
      // Loaded only here: the engine takes 250 MB of memory.
      const { requireEmbedded } = await import('./backup/require-embedded.ts');
      requireEmbedded(config);
      const { openDestination } = await import('./backup/destination.ts');
      const run = { ...options, config, destination: openDestination(text), signal: abortOnSignals() };
      if (options.every === undefined) await runOnce(run);
      else await repeat(run, options.every);
    });
}

type Run = Options & { config: Config; destination: BackupDestination; signal: AbortSignal };

function abortOnSignals(): AbortSignal {
  const stopping = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stopping.abort());
  return stopping.signal;
}

/** A backup of stores that lack something fails for those who watch the exit code. */
async function runOnce(run: Run): Promise<void> {
  try {
    if (!(await backUp(run))) process.exitCode = 1;
  } catch (error) {
    if (!run.signal.aborted) throw error;
    throw new Error('Interrupted. No backup was made.', { cause: error });
  }
}

/** A failure is printed, and the next backup still takes place. */
async function repeat(run: Run, everyMs: number): Promise<void> {
  while (!run.signal.aborted) {
    const startedAt = performance.now();
    await backUp(run).catch((error: unknown) => {
      if (!run.signal.aborted) notify(`${new Date().toISOString()} Backup failed: ${messageOf(error)}`);
    });
    const restMs = Math.max(0, startedAt + everyMs - performance.now());
    await setTimeout(restMs, undefined, { signal: run.signal }).catch(() => undefined);
  }
}

/** Returns whether the stores lack nothing. If they do, earlier backups may be the only ones that have it, so all are kept. */
async function backUp({ config, destination, signal, keep, json }: Run): Promise<boolean> {
  const { makeBackup, removeOlder } = await import('./backup/make-backup.ts');
  const { renderMade } = await import('./backup/report.ts');
  const made = await makeBackup({ dataDir: config.dataDir, destination, signal });
  const { problems } = made.manifest;
  for (const problem of problems) notify(`Warning: ${problem}`);
  const isWhole = problems.length === 0;
  if (!isWhole && keep !== undefined)
    notify('Warning: no earlier backup was removed, because of these problems.');
  const older = isWhole && keep !== undefined ? await removeOlder(destination, made.name, keep) : [];
  const removed = [...made.removed, ...older];
  printResult(renderMade(made, { config, destination, removed, isJson: json ?? false }));
  return isWhole;
}

const UNIT_MS: Record<string, number> = { s: SECOND_MS, m: MINUTE_MS, h: HOUR_MS, d: DAY_MS };
const EVERY_MS_MAX = 24 * DAY_MS;

function parseEvery(text: string): number {
  const [, count, unit] = /^(\d{1,4})([smhd])$/.exec(text) ?? [];
  const everyMs = Number(count) * (UNIT_MS[unit ?? ''] ?? 0);
  if (everyMs > 0 && everyMs <= EVERY_MS_MAX) return everyMs;
  throw new InvalidArgumentError('Must be a duration such as 30m, 24h or 7d, up to 24d.');
}

function parseKeep(text: string): number {
  const keep = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (keep >= 1) return keep;
  throw new InvalidArgumentError('Must be a whole number from 1 to 9999.');
}
