import type { Command } from 'commander';
import { StorageError } from '../lib/errors.ts';
import { openRollups } from '../rollups/rollups.ts';
import type { ControlServices } from '../server/open-services.ts';
import type { RebuildProgress } from '../warehouse/rebuild-all.ts';
import { chooseProject } from './control/choose-project.ts';
import { withServices } from './control/with-services.ts';
import { notify, quote } from './terminal/print.ts';

type Options = { project?: string };

/** Adds `appflow rebuild`, which derives everything that is derived from the events again while no server runs. */
export function addRebuildCommand(program: Command): void {
  program
    .command('rebuild')
    .description('rebuild event IDs, users and rollups from the stored events; stop the server first')
    .option('--project <id>', 'rebuild only this project (default: all projects)')
    .addHelpText(
      'after',
      '\nNever changes the events themselves. Replaces one table at a time, so it is safe to interrupt and run again.',
    )
    .action(({ project }: Options) => withServices((services) => rebuild(services, project)));
}

async function rebuild(services: ControlServices, id: string | undefined): Promise<string> {
  const project = id === undefined ? undefined : chooseProject(services, id);
  await services.requirePair();
  // Loaded only here: the engine takes 250 MB of memory.
  const { openEvents } = await import('../server/open-events.ts');
  const warehouse = await openEvents(services).catch((error: unknown) => {
    if (!(error instanceof StorageError && error.reason === 'busy')) throw error;
    throw new Error('A server has the event store open. Stop it, and run the command again.');
  });
  try {
    const report = ({ table, rows, done, total }: RebuildProgress) =>
      notify(`${done}/${total} ${table}: ${rows.toLocaleString('en-US')} rows`);
    const tables = await warehouse.rebuild(report, { projectId: project?.id });
    const rollups = openRollups({ ...services, warehouse });
    await rollups.settle().finally(() => rollups.close());
    const of = project === undefined ? '' : ` of ${quote(project.name)}`;
    return `Rebuilt ${tables} tables, and the rollups of all days${of}.`;
  } finally {
    await warehouse.close();
  }
}
