import { resolve } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { commandHint } from '../config/command-hint.ts';
import { type Config, isDataDirSet, readCommandConfig, useDataDir } from '../config/config.ts';
import { MINUTE_MS } from '../lib/durations.ts';
import { messageOf } from '../lib/errors.ts';
import { escapeValue } from '../lib/text/visible-text.ts';
import { requireFreePort } from '../server/listen-error.ts';
import { type ControlServices, openControlServices } from '../server/open-services.ts';
import { expectedServerUrl, findServerUrl } from '../server/server-url.ts';
import { findLockHolder } from '../warehouse/engine/folder-lock.ts';
import { createDemoKeys, type DemoKeys } from './demo/demo-keys.ts';
import {
  createDemo,
  DEMO_NAME,
  type DemoState,
  findDemo,
  getDemoProject,
  requireSamePlan,
} from './demo/demo-project.ts';
import { saveDemoItems } from './demo/demo-saved.ts';
import { feedLive, openFeed } from './demo/feed.ts';
import { loadDemo } from './demo/load.ts';
import type { DemoPlan } from './demo/person.ts';
import { openDemoProgress } from './demo/progress.ts';
import { openServerSink } from './demo/server-sink.ts';
import type { DemoSink } from './demo/sink.ts';
import { openStoreSink } from './demo/store-sink.ts';
import { notify, printResult, STANDARD_ERROR } from './terminal/print.ts';
import { UsageError } from './terminal/usage-error.ts';

type Options = Partial<DemoPlan> & { serve: boolean; dataDir?: string };

/** The result of one run. `keys` is set only if this run created the demo. */
export type DemoRun = { state: DemoState; keys: DemoKeys | undefined; accepted: number; duplicates: number };

/** The demo never shares a folder with real projects. */
const DEMO_DIR = './data-demo';

const PLAN_DEFAULT: DemoPlan = { seed: 1, days: 90, users: 4_000 };

/** How long a server may take to answer a health check. */
const SERVED_MS_MAX = 5_000;

/** Newer events are left for the next run, so that a second run right after the first has nothing to do. */
const FRESH_MS = 15 * MINUTE_MS;

/**
 * Creates the demo in the data folder, or adds what happened since the last run until `nowMs`. Safe to repeat. Sends
 * events to the server that runs on the folder, or writes to the event store itself.
 */
export async function runDemo(
  config: Config,
  requested: Partial<DemoPlan>,
  nowMs: number,
  signal: AbortSignal,
): Promise<DemoRun> {
  const services = await openControlServices(config);
  try {
    const found = await findDemo(services);
    if (found) requireSamePlan(found, requested);
    else await requireOwnFolder(services);
    const state = found ?? (await createDemo(services, { ...PLAN_DEFAULT, ...requested }, nowMs));
    const loaded = await loadEvents(services, state, nowMs, signal);
    // Last, because keys are shown only once: an interrupted run has not created any yet.
    if (state.feedKeyId !== undefined) return { ...loaded, keys: undefined };
    await saveDemoItems(services, state);
    return { ...loaded, ...(await createDemoKeys(services, loaded.state, nowMs)) };
  } finally {
    await services.close();
  }
}

/**
 * Throws before anything is created if the folder has projects or accounts, which the demo must not be mixed with, or if
 * another process that is no server has the event store open.
 */
async function requireOwnFolder(services: ControlServices): Promise<void> {
  const { config, control, directory, eventsDir } = services;
  const folder = resolve(config.dataDir);
  const account = await control.db.selectFrom('people').select('id').limit(1).executeTakeFirst();
  if (directory.hasProjects() || account !== undefined) {
    throw new UsageError(
      `${folder} already has projects or accounts, and the demo needs a folder of its own. Use another one with --data-dir. Nothing was created.`,
    );
  }
  if (await isServed(findServerUrl(config))) return;
  const holder = await findLockHolder(eventsDir);
  if (holder === undefined) return;
  throw new Error(
    `Another process (${holder}) is using ${folder}. Stop it, or use another folder with --data-dir. Nothing was created.`,
  );
}

async function loadEvents(
  services: ControlServices,
  state: DemoState,
  nowMs: number,
  signal: AbortSignal,
): Promise<Omit<DemoRun, 'keys'>> {
  if (nowMs - state.loadedUntilMs < FRESH_MS) return { state, accepted: 0, duplicates: 0 };
  const sink = await openSink(services, state, signal);
  const progress = openDemoProgress(STANDARD_ERROR);
  try {
    return await loadDemo(services, state, { sink, untilMs: nowMs }, progress.report, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
    throw new Error('The demo is incomplete. Run the same command again to continue.', { cause: error });
  } finally {
    progress.stop();
    await sink.close();
  }
}

/** Only one process can open the event store: the server, or this one. */
async function openSink(services: ControlServices, state: DemoState, signal: AbortSignal): Promise<DemoSink> {
  const project = getDemoProject(services, state);
  const url = findServerUrl(services.config);
  return url !== undefined && (await isServed(url))
    ? openServerSink(services, project, url, signal)
    : openStoreSink(services, project);
}

/** Returns the text that `demo` prints. */
function renderDemo(config: Config, { state, keys, accepted }: DemoRun): string {
  const url = config.publicUrl || expectedServerUrl(config);
  const { ios, android, web } = state.stage.appIds;
  const summary = accepted > 0 ? `Stored ${accepted} events.` : 'There was nothing to add.';
  const keyText = keys
    ? `API keys (shown once):

  server key     ${keys.server}
  client key     ${keys.client}
  read-only key  ${keys.read_only}

  curl '${url}/v1/analytics/daily?app_id=${ios}&days=7' -H 'Authorization: Bearer ${keys.read_only}'`
    : `The API keys were shown when the demo was created. Create another one with: ${commandHint(config, 'keys create --type server --name "Mine"')}`;
  return `Project "${DEMO_NAME}" is ready in ${escapeValue(resolve(config.dataDir))}: ${state.plan.days} days of three apps. ${summary}

  project  ${state.projectId}
  apps     ${ios}  iOS
           ${android}  Android
           ${web}  Web

${keyText}

  dashboard  ${url}
  API        ${url}/openapi.json`;
}

const notifyNoFeed = (error: unknown) => notify(`The Live page will stay empty: ${messageOf(error)}`);

async function isServed(url: string | undefined): Promise<boolean> {
  if (url === undefined) return false;
  return fetch(`${url}/healthz`, { signal: AbortSignal.timeout(SERVED_MS_MAX), redirect: 'manual' }).then(
    ({ status }) => status === 200,
    () => false,
  );
}

function parseWithin(min: number, max: number) {
  return (text: string): number => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    throw new InvalidArgumentError(`Must be a whole number from ${min} to ${max}.`);
  };
}

const SEED_MAX = 999_999_999;
const DAYS_MAX = 730;
const USERS_MAX = 100_000;

/** Adds `appflow demo`: a project with realistic data, and a server to explore it. */
export function addDemoCommand(program: Command): void {
  program
    .command('demo')
    .description(
      `create the project "${DEMO_NAME}" with 90 days of realistic data in a folder of its own, and serve it; safe to re-run: nothing is counted twice`,
    )
    .option('--seed <number>', 'random seed (default: 1)', parseWithin(0, SEED_MAX))
    .option('--days <number>', 'number of days up to now (default: 90)', parseWithin(1, DAYS_MAX))
    .option('--users <number>', 'number of simulated users (default: 4000)', parseWithin(1, USERS_MAX))
    .option('--no-serve', 'load the data and exit')
    .action(async ({ serve, dataDir: _, ...plan }: Options) => {
      if (!isDataDirSet()) useDataDir(DEMO_DIR);
      const config = readCommandConfig();
      const willServe = serve && !(await isServed(findServerUrl(config)));
      // Before minutes of loading, not after them.
      if (willServe) await requireFreePort(config);
      const stopping = new AbortController();
      for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stopping.abort());
      notify(`Creating the demo in ${resolve(config.dataDir)}…`);
      const run = await runDemo(config, plan, Date.now(), stopping.signal);
      printResult(renderDemo(config, run));
      if (!willServe || stopping.signal.aborted) return;
      process.removeAllListeners('SIGINT').removeAllListeners('SIGTERM');
      // The same entry point as `appflow serve`.
      await import('../main.ts');
      void openFeed(config, run.state).then((feed) => feedLive(feed, run.state, Date.now()), notifyNoFeed);
    });
}
