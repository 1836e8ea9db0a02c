import { createInterface } from 'node:readline/promises';
import { setTimeout } from 'node:timers/promises';
import type { Command } from 'commander';
import { CLI_REQUESTER } from '../api/caller.ts';
import { ALL_APPS } from '../api/resources.ts';
import type { App } from '../directory/app.ts';
import { requestErasure } from '../erasure/eraser.ts';
import { type Erasure, findErasure } from '../erasure/erasure-record.ts';
import { forgetTraces } from '../erasure/forget-person.ts';
import { startErasing } from '../erasure/start-erasing.ts';
import { StorageError } from '../lib/errors.ts';
import { PROGRAM } from '../lib/program.ts';
import { escapeValue } from '../lib/text/visible-text.ts';
import { openRollups } from '../rollups/rollups.ts';
import type { ControlServices } from '../server/open-services.ts';
import { toErasureJson } from '../users/erasure-json.ts';
import { chooseProject } from './control/choose-project.ts';
import { withServices } from './control/with-services.ts';
import { quote } from './terminal/print.ts';
import { UsageError } from './terminal/usage-error.ts';

type Options = { app: string; project?: string; yes?: true; json?: true };

const EXAMPLE = `
Example: someone asks for their data to be deleted:
  ${PROGRAM} users erase user_123 --app all`;

/** How long the command waits for the server, which erases while it runs. */
const SERVER_MS_MAX = 60_000;
const POLL_MS = 200;
/** Longer than any deletion: without a server, the command itself erases. */
const ALONE_MS_MAX = 24 * 60 * 60 * 1_000;

/** Adds `appflow users erase`, which asks for confirmation on a terminal and needs `--yes` without one. */
export function addUsersCommand(program: Command): void {
  program
    .command('users')
    .description('erase people; works with or without a running server')
    .helpCommand(false)
    .command('erase')
    .description('erase all data of a person; this cannot be undone')
    .argument('<app-user-id>', 'any app_user_id of the person')
    .requiredOption('--app <id>', 'app ID, or "all" for every app of the project')
    .option('--project <id>', 'project ID, with --app all and several projects')
    .option('--yes', "don't ask for confirmation (required without a terminal)")
    .option('--json', 'print the erasure as one JSON line')
    .addHelpText('after', EXAMPLE)
    .action((appUserId: string, options: Options) => {
      if (!options.yes && !process.stdin.isTTY) {
        throw new UsageError('There is no terminal to confirm on. Run with --yes to erase without asking.');
      }
      return withServices((services) => eraseUser(services, appUserId, options));
    });
}

async function eraseUser(services: ControlServices, appUserId: string, options: Options): Promise<string> {
  const apps = listApps(services, options);
  if (!options.yes && !(await isConfirmed(appUserId, apps))) throw new Error('Nothing was erased.');
  const [{ projectId }] = apps;
  const request = { projectId, appIds: apps.map(({ id }) => id), appUserId };
  const { id } = await requestErasure(services, request, CLI_REQUESTER);
  const erasure = (await eraseAlone(services, id)) ?? (await untilServerErased(services, id));
  if (erasure.doneAt === null) {
    throw new Error(
      `${quote(appUserId)} is not erased yet. The request is stored as ${id}, and a running server repeats it until it is done: see GET /v1/erasures/${id}.`,
    );
  }
  if (options.json) return JSON.stringify(toErasureJson(erasure));
  const { events, appUserIds } = erasure;
  return `Erased ${quote(appUserId)}: ${events.toLocaleString('en-US')} events with ${appUserIds} of their IDs.`;
}

/** Returns the apps in which to erase, at least one. Throws UsageError. */
function listApps({ directory, config }: ControlServices, { app, project }: Options): [App, ...App[]] {
  if (app !== ALL_APPS) {
    const found = directory.findApp(app);
    if (found) return [found];
    throw new UsageError(`There is no app ${escapeValue(app)}.`);
  }
  const { id } = chooseProject({ directory, config }, project);
  const [first, ...others] = directory.listApps(id);
  if (first) return [first, ...others];
  throw new UsageError('The project has no apps.');
}

async function isConfirmed(appUserId: string, apps: readonly App[]): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const where = apps.map(({ name }) => quote(name)).join(', ');
    const answer = await terminal.question(
      `Erase ${quote(appUserId)} and all linked IDs in ${where}? This cannot be undone. [y/N] `,
    );
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    terminal.close();
  }
}

/** Returns undefined if a running server has the event store open. */
async function eraseAlone(services: ControlServices, id: string): Promise<Erasure | undefined> {
  await services.requirePair();
  // Loaded only here: the engine takes 250 MB of memory.
  const { openEvents } = await import('../server/open-events.ts');
  const warehouse = await openEvents(services).catch((error: unknown) => {
    if (error instanceof StorageError && error.reason === 'busy') return undefined;
    throw error;
  });
  if (warehouse === undefined) return undefined;
  const rollups = openRollups({ ...services, warehouse });
  const stop = startErasing({ ...services, warehouse }, forgetTraces({ ...services, rollups }));
  try {
    return await services.eraser.run(id, ALONE_MS_MAX);
  } finally {
    await stop();
    await rollups.close();
    await warehouse.close();
  }
}

async function untilServerErased(services: ControlServices, id: string): Promise<Erasure> {
  const deadline = performance.now() + SERVER_MS_MAX;
  for (;;) {
    const erasure = await findErasure(services.control, id);
    if (erasure === undefined) throw new Error(`The erasure ${id} is not stored.`);
    if (erasure.doneAt !== null || performance.now() >= deadline) return erasure;
    await setTimeout(POLL_MS);
  }
}
