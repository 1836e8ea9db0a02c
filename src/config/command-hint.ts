import { resolve } from 'node:path';
import { PROGRAM, quoteForShell } from '../lib/program.ts';
import { defaultOf } from './settings.ts';

/**
 * Returns a command line that works as printed in another terminal in the same folder: `bin/appflow init`, or `npx appflow init` of an installed package, with
 * `--data-dir` unless the data folder is the default one.
 */
export function commandHint({ dataDir }: { dataDir: string }, args: string): string {
  const folder = resolve(dataDir);
  const isDefault = folder === resolve(defaultOf('APPFLOW_DATA_DIR'));
  const option = isDefault ? '' : ` --data-dir ${quoteForShell(folder)}`;
  return `${PROGRAM} ${args}${option}`;
}
