import type { Command } from 'commander';
import { readCommandConfig } from '../config/config.ts';
import { printResult } from './terminal/print.ts';

type Options = { toEnv: string; check?: true; verbose?: true };

const DETAILS = `
Nothing in the data folder is changed; at the end, the file moved.json marks it. While a server runs on it, everything stored so far is copied first; stop the server then, and the rest is
copied, compared and given to the target. It can be stopped and run again at any time: what is already the same is not copied again.`;

/** Adds `appflow move`, which moves an installation from its data folder to PostgreSQL and ClickHouse. Exits with 1 if anything differs. */
export function addMoveCommand(program: Command): void {
  program
    .command('move')
    .description('move an installation from its data folder to PostgreSQL, ClickHouse or both')
    .requiredOption('--to-env <file>', 'file with DATABASE_URL, CLICKHOUSE_URL or both (NAME=value lines)')
    .option('--check', 'only compare both sides')
    .option('--verbose', 'print every project, app and day, not only differences and totals')
    .addHelpText('after', DETAILS)
    .action(async ({ toEnv, check, verbose }: Options) => {
      // Loaded only here: the engine takes 250 MB of memory.
      const { planMove } = await import('./move/plan.ts');
      const { checkMove, moveInstallation } = await import('./move/move-installation.ts');
      const plan = planMove(readCommandConfig(), toEnv);
      const stopping = new AbortController();
      for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stopping.abort());
      const run = check ? checkMove : moveInstallation;
      const { text, isSame } = await run(plan, { isVerbose: verbose ?? false, signal: stopping.signal });
      printResult(text);
      if (!isSame) process.exitCode = 1;
    });
}
