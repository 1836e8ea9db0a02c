import { setTimeout } from 'node:timers/promises';
import { type Command, InvalidArgumentError } from 'commander';
import { type Config, readCommandConfig } from '../config/config.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../lib/durations.ts';
import { messageOf } from '../lib/errors.ts';
import type { BackupPlace } from './backup/backup-place.ts';
import { notify, printResult } from './terminal/print.ts';

type Options = { keep?: number; every?: number; json?: true };

const DETAILS = `
A backup contains projects, keys, people, the audit log and all events, as of one moment. Events are accepted meanwhile.
It does NOT contain the secret, without which no API key works: keep a copy of it elsewhere.

Example: a backup each night, of which seven are kept:
  bin/appflow backup /mnt/backups --every 24h --keep 7`;

/** Adds `appflow backup`, which copies an installation as of one moment, also while its server runs. */
export function addBackupCommand(program: Command): void {
  program
    .command('backup')
    .description('back up projects, keys, people and events, with or without a running server')
    .argument('<place>', 'folder for backups, on another disk if possible')
    .option('--keep <count>', 'keep only this many backups of this installation, the latest ones', parseKeep)
    .option('--every <time>', 'repeat every 30m, 24h or 7d until it is stopped', parseEvery)
    .option('--json', 'print one JSON line for each backup')
    .addHelpText('after', DETAILS)
    .action(async (place: string, options: Options) => {
      const config = readCommandConfig();
      // Loaded only here: the engine takes 250 MB of memory.
      const { requireEmbedded } = await import('./backup/require-embedded.ts');
      requireEmbedded(config);
      const { openPlace } = await import('./backup/open-place.ts');
      const run = { ...options, config, place: openPlace(place), signal: abortOnSignals() };
      if (options.every === undefined) await backUp(run);
      else await repeat(run, options.every);
    });
}

type Run = Options & { config: Config; place: BackupPlace; signal: AbortSignal };

function abortOnSignals(): AbortSignal {
  const stopping = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stopping.abort());
  return stopping.signal;
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

async function backUp({ config, place, signal, keep, json }: Run): Promise<void> {
  const { makeBackup, removeOlder } = await import('./backup/make-backup.ts');
  const { renderMade } = await import('./backup/report.ts');
  const made = await makeBackup({ dataDir: config.dataDir, place, signal });
  for (const problem of made.problems) notify(`Warning: ${problem}`);
  const removed = keep === undefined ? [] : await removeOlder(place, made.name, keep);
  printResult(renderMade(made, { config, place, removed, isJson: json ?? false }));
}

const UNIT_MS: Record<string, number> = { s: SECOND_MS, m: MINUTE_MS, h: HOUR_MS, d: DAY_MS };
const EVERY_MS_MAX = 24 * DAY_MS;

function parseEvery(text: string): number {
  const [, count, unit] = /^(\d{1,4})([smhd])$/.exec(text) ?? [];
  const everyMs = Number(count) * (UNIT_MS[unit ?? ''] ?? 0);
  if (everyMs > 0 && everyMs <= EVERY_MS_MAX) return everyMs;
  throw new InvalidArgumentError('Must be a time such as 30m, 24h or 7d, up to 24d.');
}

function parseKeep(text: string): number {
  const keep = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (keep >= 1) return keep;
  throw new InvalidArgumentError('Must be a whole number from 1 to 9999.');
}
