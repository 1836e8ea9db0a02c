import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Command } from 'commander';
import { commandHint } from '../config/command-hint.ts';
import { type Config, readCommandConfig } from '../config/config.ts';
import { UNDONE } from './downgrade-loss.ts';
import { notify, printResult } from './terminal/print.ts';
import { UsageError } from './terminal/usage-error.ts';

type Options = { verify?: boolean; acceptLoss?: boolean };

const DETAILS = `
The data folder (--data-dir or APPFLOW_DATA_DIR) must not exist yet, or be empty but for secrets/. Nothing is put in place before every file has been
compared with its checksum. A backup that lists lost data in its manifest is only restored with --accept-loss. The secret is not in backups: set
APPFLOW_SECRET, or put the file secrets/appflow-secret into the folder.`;

/** Adds `appflow restore`, which restores a backup into an empty data folder. */
export function addRestoreCommand(program: Command): void {
  program
    .command('restore')
    .description('restore a backup into an empty data folder')
    .argument('<backup>', 'the backup, as `appflow backup` printed it')
    .option('--verify', 'also open it, and compare the events of each app and day with those of the backup')
    .option('--accept-loss', 'restore the backup even if its manifest lists lost data')
    .addHelpText('after', DETAILS)
    .action(async (backup: string, { verify = false, acceptLoss = false }: Options) => {
      const config = readCommandConfig();
      if (config.databaseUrl !== undefined || config.clickhouseUrl !== undefined)
        throw new UsageError(
          'A backup is restored into a data folder. Unset DATABASE_URL and CLICKHOUSE_URL for this command; see docs/guides/backup.md.',
        );
      process.umask(0o077);
      const stopping = new AbortController();
      for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stopping.abort());
      // Loaded only here: the engine takes 250 MB of memory.
      const { openDestination } = await import('./backup/destination.ts');
      const { restoreBackup } = await import('./backup/restore-backup.ts');
      const { countEvents } = await import('./backup/manifest.ts');
      const manifest = await restoreBackup({
        dataDir: config.dataDir,
        destination: openDestination(dirname(backup)),
        name: basename(backup),
        verifies: verify,
        acceptsLoss: acceptLoss,
        signal: stopping.signal,
      }).catch((error: unknown) => {
        if (!stopping.signal.aborted) throw error;
        throw new Error('Interrupted. The restore is incomplete: run the same command again.', {
          cause: error,
        });
      });
      for (const problem of manifest.problems) notify(`Warning, as of the backup: ${problem}`);
      const events = countEvents(manifest).toLocaleString('en-US');
      const how = verify
        ? 'every file and the events of each app and day were compared'
        : 'every file was compared';
      printResult(
        `Restored ${events} events, as of ${manifest.at}, into ${config.dataDir}; ${how}.\n${REVERTED}\n${describeNext(config)}`,
      );
    });
}

const REVERTED = `${UNDONE}.
The audit log of the newer data folder lists these changes, if you still have it.`;

function describeNext(config: Config): string {
  const file = join(config.dataDir, 'secrets', 'appflow-secret');
  const hasSecret = config.secret !== undefined || existsSync(file);
  const secret = hasSecret
    ? ''
    : `The secret is not in backups: set APPFLOW_SECRET to it, or put it into ${file}. `;
  return `${secret}Then check the installation with ${commandHint(config, 'doctor')}, and start the server.`;
}
