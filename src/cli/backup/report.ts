import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { commandHint } from '../../config/command-hint.ts';
import type { Config } from '../../config/config.ts';
import { quoteForShell } from '../../lib/program.ts';
import type { BackupDestination } from './destination.ts';
import type { MadeBackup } from './make-backup.ts';
import { countBytes, countEvents } from './manifest.ts';

type ReportOptions = {
  config: Config;
  destination: BackupDestination;
  removed: readonly string[];
  isJson: boolean;
};

const MEGABYTE = 1_000_000;
const megabytes = (bytes: number): string =>
  (bytes / MEGABYTE).toLocaleString('en-US', { maximumFractionDigits: 1 });

/** Returns what a backup prints: where it is, what it contains, and where the secret is, which it does not contain. */
export function renderMade({ name, manifest }: MadeBackup, options: ReportOptions): string {
  const { config, destination, removed, isJson } = options;
  const [events, bytes, files] = [
    countEvents(manifest),
    countBytes(manifest),
    Object.keys(manifest.files).length,
  ];
  const { at, problems } = manifest;
  const path = destination.describe(name);
  if (isJson) return JSON.stringify({ backup: path, at, problems, events, files, bytes, removed });
  const lines = [
    `Backup complete: ${path}`,
    `${events.toLocaleString('en-US')} events, ${files.toLocaleString('en-US')} files, ${megabytes(bytes)} MB, as of ${at}`,
    ...removed.map((one) => `Removed: ${destination.describe(one)}`),
    '',
    `THE SECRET IS NOT IN THIS BACKUP, and without it, the server does not start. ${describeSecret(config)}`,
    '',
    `To restore it into an empty folder: ${commandHint({ dataDir: 'restored' }, `restore ${quoteForShell(path)} --verify`)}`,
  ];
  return lines.join('\n');
}

function describeSecret({ secret, dataDir }: Config): string {
  const file = join(dataDir, 'secrets', 'appflow-secret');
  const isInFile = secret === undefined && existsSync(file);
  return `It is in ${isInFile ? file : 'APPFLOW_SECRET'}: keep a copy of it elsewhere.`;
}
