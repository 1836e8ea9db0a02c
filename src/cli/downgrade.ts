import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { commandHint } from '../config/command-hint.ts';
import { type Config, readCommandConfig } from '../config/config.ts';
import { openReadOnlySqliteControl } from '../control/open-sqlite.ts';
import { findEventCount } from '../server/event-count.ts';
import { downgradingFolder } from '../server/restoring.ts';
import { findServerUrl } from '../server/server-url.ts';
import { listSnapshots, type Snapshot } from '../server/snapshots.ts';
import { findLockHolder } from '../warehouse/engine/folder-lock.ts';
import { syncFolder } from '../warehouse/log/segments.ts';
import { printResult } from './terminal/print.ts';
import { UsageError } from './terminal/usage-error.ts';

type Options = { yes?: true };

const DETAILS = `
Before a release migrates a data folder, it keeps the data as it was in snapshots/, for two weeks. This command puts that back; stop the server first. What
was stored since is no longer used: the command says how much that is, and does nothing without --yes. It stays in a folder replaced-… beside it.`;

/** Adds `appflow downgrade`, which restores the data from before the migrations of a release. */
export function addDowngradeCommand(program: Command): void {
  program
    .command('downgrade')
    .description('restore the data from before the last upgrade, for the release before it')
    .option('--yes', 'go back even if something was stored since')
    .addHelpText('after', DETAILS)
    .action(async ({ yes }: Options) => {
      const config = readCommandConfig();
      await requireStopped(config);
      const snapshot = await findSnapshot(config);
      // An interrupted one was confirmed before.
      const isContinued = existsSync(downgradingFolder(config.dataDir));
      const lost = isContinued ? undefined : await describeLoss(config.dataDir, snapshot);
      if (lost !== undefined && !yes) {
        const hint = commandHint(config, 'downgrade --yes');
        throw new UsageError(
          `Everything since ${snapshot.at} would no longer be used: ${lost}. To go back anyway: ${hint}`,
        );
      }
      const replaced = await goBack(config.dataDir, snapshot);
      printResult(
        `The data is as it was at ${snapshot.at}. Start the release that was used before ${snapshot.release}; a later one migrates it again.\n` +
          `What was stored since is in ${replaced}: delete it when you no longer need it.`,
      );
    });
}

async function requireStopped(config: Config): Promise<void> {
  if (config.databaseUrl !== undefined || config.clickhouseUrl !== undefined)
    throw new UsageError(
      'Only a data folder has snapshots. Restore the backups of your servers from before the upgrade; see docs/guides/backup.md.',
    );
  const holder = await findLockHolder(join(config.dataDir, 'events'));
  if (findServerUrl(config) === undefined && holder === undefined) return;
  throw new Error('A server runs on the data folder. Stop it, and run the command again.');
}

async function findSnapshot({ dataDir }: Config): Promise<Snapshot> {
  const snapshot = listSnapshots(dataDir).at(-1);
  if (snapshot !== undefined) return snapshot;
  throw new UsageError(
    `There is no snapshot in ${dataDir}: no release has migrated it in the last two weeks. Restore a backup from before the upgrade with \`appflow restore\`.`,
  );
}

type Stored = { events: number; changes: number };

async function readStored(file: string): Promise<Stored> {
  const control = await openReadOnlySqliteControl(file);
  try {
    const { db } = control;
    const { count } = await db
      .selectFrom('audit_log')
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .executeTakeFirstOrThrow();
    return { events: await findEventCount(control), changes: Number(count) };
  } finally {
    await control.close();
  }
}

/** Returns what was stored since a snapshot; undefined if nothing was. */
async function describeLoss(dataDir: string, { folder }: Snapshot): Promise<string | undefined> {
  const before = await readStored(join(folder, 'control.db'));
  const now = await readStored(join(dataDir, 'control.db'));
  const [events, changes] = [now.events - before.events, now.changes - before.changes];
  if (events <= 0 && changes <= 0) return undefined;
  const format = (count: number) => Math.max(0, count).toLocaleString('en-US');
  return `at least ${format(events)} events, and ${format(changes)} entries of the audit log (changes to projects, keys and people)`;
}

const CONTROL = 'control.db';
const listStores = (folder: string): string[] =>
  readdirSync(folder).filter((name) => name === 'events' || name.startsWith(CONTROL));

/**
 * Exchanges both stores for those of a snapshot, and returns the folder with what they replace. After a kill, no server starts, and the next
 * call continues.
 */
async function goBack(dataDir: string, { folder }: Snapshot): Promise<string> {
  const replaced = downgradingFolder(dataDir);
  mkdirSync(replaced, { recursive: true, mode: 0o700 });
  await syncFolder(dataDir);
  // The control database is the first to be put in place: as long as the snapshot has it, what is in place is to be replaced.
  if (existsSync(join(folder, CONTROL)))
    for (const name of listStores(dataDir)) renameSync(join(dataDir, name), join(replaced, name));
  for (const name of listStores(folder).toSorted()) renameSync(join(folder, name), join(dataDir, name));
  await syncFolder(dataDir);
  const kept = join(dataDir, `replaced-${new Date().toISOString().replaceAll(':', '-')}`);
  renameSync(replaced, kept);
  rmSync(folder, { recursive: true, force: true });
  await syncFolder(dataDir);
  return kept;
}
