import type { Command } from 'commander';
import { StorageError } from '../lib/errors.ts';
import { openRollups } from '../rollups/rollups.ts';
import type { ControlServices } from '../server/open-services.ts';
import { withServices } from './control/with-services.ts';
import { notify } from './terminal/print.ts';

/** Adds `appflow rebuild`, which derives everything that is derived from the events again while no server runs. */
export function addRebuildCommand(program: Command): void {
  program
    .command('rebuild')
    .description('derive everything that is derived from the events again; stop the server first')
    .addHelpText(
      'after',
      '\nEvents are only read. Tables are replaced one by one, so it can be stopped and run again at any time.',
    )
    .action(() => withServices(rebuild));
}

async function rebuild(services: ControlServices): Promise<string> {
  await services.requirePair();
  // Loaded only here: the engine takes 250 MB of memory.
  const { openEvents } = await import('../server/open-events.ts');
  const warehouse = await openEvents(services).catch((error: unknown) => {
    if (!(error instanceof StorageError && error.reason === 'busy')) throw error;
    throw new Error('A server has the event store open. Stop it, and run the command again.');
  });
  try {
    const tables = await warehouse.rebuild(({ table, rows, done, total }) =>
      notify(`${done}/${total} ${table}: ${rows.toLocaleString('en-US')} rows`),
    );
    const rollups = openRollups({ ...services, warehouse });
    await rollups.settle().finally(() => rollups.close());
    return `Rebuilt ${tables} tables, and the rollups of all days.`;
  } finally {
    await warehouse.close();
  }
}
