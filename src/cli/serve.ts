import type { Command } from 'commander';

/** Adds `appflow serve`: the same as `npm start`. */
export function addServeCommand(program: Command): void {
  program
    .command('serve')
    .description('start the server (the same as npm start); environment variables configure it')
    .action(async () => {
      // The entry point itself, so that the two ways to start can never differ.
      await import('../main.ts');
    });
}
