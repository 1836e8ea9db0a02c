import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { commandHint } from '../config/command-hint.ts';
import { type Config, readCommandConfig } from '../config/config.ts';
import { PROGRAM } from '../lib/program.ts';
import {
  downgradingFolder,
  listSnapshots,
  replacedFolder,
  type Snapshot,
} from '../server/snapshots/snapshots.ts';
import { syncFolder } from '../warehouse/log/segments.ts';
import { requireStopped } from './control/require-stopped.ts';
import { findLoss, UNDONE } from './downgrade-loss.ts';
import { printResult } from './terminal/print.ts';
import { UsageError } from './terminal/usage-error.ts';

const CONTROL = 'control.db';

type Options = { yes?: true };

const DETAILS = `
Before a release migrates a data folder, it keeps the data as it was in snapshots/, for two weeks. This command puts that back; stop the server first. What
was stored since is no longer used: the command says how much that is, and does nothing without --yes. It stays in replaced-… in the data folder.
${UNDONE}.`;

/** Adds `appflow downgrade`, which restores the data from before the migrations of a release. */
export function addDowngradeCommand(program: Command): void {
  program
    .command('downgrade')
    .description('restore the data from before the last upgrade, for the release before it')
    .option('--yes', 'go back even if something was stored since')
    .addHelpText('after', DETAILS)
    .action(async ({ yes }: Options) => {
      const config = readCommandConfig();
      const snapshot = await findSnapshot(config);
      await requireStoppedFolder(config);
      // An interrupted one was confirmed before.
      const isContinued = existsSync(downgradingFolder(config.dataDir));
      const lost = isContinued ? undefined : await findLoss(snapshot.folder, config.dataDir);
      if (lost !== undefined && !yes) {
        const hint = commandHint(config, 'downgrade --yes');
        throw new UsageError(
          `Everything since ${snapshot.at} would no longer be used: ${lost}. To go back anyway: ${hint}`,
        );
      }
      const replaced = await goBack(config.dataDir, snapshot);
      const undone = await findLoss(config.dataDir, replaced);
      printResult(
        `The data is as it was at ${snapshot.at}. Start the release you used before the upgrade; a later one migrates the data again.\n` +
          (undone === undefined ? '' : `No longer used: ${undone}.\n`) +
          `What was stored since is in ${replaced}: delete it when you no longer need it.`,
      );
    });
}

async function requireStoppedFolder(config: Config): Promise<void> {
  if (config.databaseUrl !== undefined || config.clickhouseUrl !== undefined)
    throw new UsageError(
      'Only a data folder has snapshots. Restore the backups of your servers from before the upgrade; see docs/guides/backup.md.',
    );
  await requireStopped(config);
}

async function findSnapshot({ dataDir }: Config): Promise<Snapshot> {
  const snapshot = listSnapshots(dataDir).at(-1);
  if (snapshot !== undefined) return snapshot;
  throw new UsageError(
    `There is no snapshot in ${dataDir}. An upgrade that migrates data makes one, and it is deleted after two weeks. To go back further, restore a backup with \`${PROGRAM} restore\`.`,
  );
}

const listStores = (folder: string): string[] =>
  readdirSync(folder)
    .filter((name) => name === 'events' || name.startsWith(CONTROL))
    .toSorted();

/**
 * Exchanges both stores for those of a snapshot, and returns the folder with what they replace. After a kill, no server starts, and the next
 * call continues.
 */
async function goBack(dataDir: string, { folder }: Snapshot): Promise<string> {
  const replaced = downgradingFolder(dataDir);
  // The control database is the first to be put in place: as long as the snapshot has it, what is in place is to be replaced.
  const isToReplace = existsSync(join(folder, CONTROL));
  const inPlace = listStores(dataDir);
  requireAbsent(dataDir, isToReplace ? replaced : folder, inPlace);
  mkdirSync(replaced, { recursive: true, mode: 0o700 });
  await syncFolder(dataDir);
  if (isToReplace) for (const name of inPlace) renameSync(join(dataDir, name), join(replaced, name));
  for (const name of listStores(folder)) renameSync(join(folder, name), join(dataDir, name));
  await syncFolder(dataDir);
  const kept = replacedFolder(dataDir, new Date().toISOString());
  renameSync(replaced, kept);
  rmSync(folder, { recursive: true, force: true });
  await syncFolder(dataDir);
  return kept;
}

/** An older release does not see that the command was interrupted. Throws if it has made stores where others belong. */
function requireAbsent(dataDir: string, other: string, inPlace: readonly string[]): void {
  const twice = inPlace.filter((name) => existsSync(join(other, name)));
  if (twice.length === 0) return;
  // Control database first: what belongs to it is new if it is.
  const isNew = (name: string) => twice.includes(name.startsWith(CONTROL) ? CONTROL : name);
  throw new Error(
    `An earlier release was started before going back was complete, and stored data in ${dataDir}. Move ${inPlace.filter(isNew).join(', ')} ` +
      'out of that folder, and run the command again.',
  );
}
