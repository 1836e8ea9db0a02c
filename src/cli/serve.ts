import type { Command } from 'commander';

/** Adds `appflow serve`, the same as `npm start`. */
export function addServeCommand(program: Command): void {
  program
    .command('serve')
    .description('start the server (same as npm start), configured by environment variables')
    .action(async () => {
      // The same entry point, so that the two ways to start cannot differ.
      await import('../main.ts');
    });
}
