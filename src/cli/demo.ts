import { type Command, InvalidArgumentError } from 'commander';
import { type Config, localUrl, readCommandConfig } from '../config/config.ts';
import { MINUTE_MS } from '../lib/durations.ts';
import { messageOf } from '../lib/errors.ts';
import { type ControlServices, openControlServices } from '../server/open-services.ts';
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
import { feedLive, openFeed } from './demo/feed.ts';
import { loadDemo } from './demo/load.ts';
import type { DemoPlan } from './demo/person.ts';
import { openDemoProgress } from './demo/progress.ts';
import { openServerSink } from './demo/server-sink.ts';
import type { DemoSink } from './demo/sink.ts';
import { openStoreSink } from './demo/store-sink.ts';
import { notify, printResult, STANDARD_ERROR } from './terminal/print.ts';

type Options = Partial<DemoPlan> & { serve: boolean };

/** The result of one run. `keys` is set only if this run created the demo. */
export type DemoRun = { state: DemoState; keys: DemoKeys | undefined; accepted: number; duplicates: number };

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
    else await requireFreeStore(services);
    const state = found ?? (await createDemo(services, { ...PLAN_DEFAULT, ...requested }, nowMs));
    const loaded = await loadEvents(services, state, nowMs, signal);
    // Last, because keys are shown only once: an interrupted run has not created any yet.
    if (state.feedKeyId !== undefined) return { ...loaded, keys: undefined };
    return { ...loaded, ...(await createDemoKeys(services, loaded.state, nowMs)) };
  } finally {
    await services.close();
  }
}

/** Throws before anything is created if another process has the event store open and nothing listens at our address. */
async function requireFreeStore({ config, eventsDir }: ControlServices): Promise<void> {
  if (await isServed(localUrl(config))) return;
  const holder = await findLockHolder(eventsDir);
  if (holder === undefined) return;
  throw new Error(
    `Another Appflow process (${holder}) uses this data folder, and it does not listen at ${localUrl(config)}. Set PORT to its port, or APPFLOW_DATA_DIR to another folder. Nothing was created.`,
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
    throw new Error('The demo is not complete yet. Run it again to go on.', { cause: error });
  } finally {
    progress.stop();
    await sink.close();
  }
}

/** Only one process can open the event store: the server, or this one. */
async function openSink(services: ControlServices, state: DemoState, signal: AbortSignal): Promise<DemoSink> {
  const project = getDemoProject(services, state);
  const url = localUrl(services.config);
  return (await isServed(url))
    ? openServerSink(services, project, url, signal)
    : openStoreSink(services, project);
}

/** Returns the text that `demo` prints. */
function renderDemo(config: Config, { state, keys, accepted }: DemoRun): string {
  const url = config.publicUrl || localUrl(config);
  const { ios, android, web } = state.stage.appIds;
  const summary = accepted > 0 ? `${accepted} events were stored.` : 'Nothing to add.';
  const keyText = keys
    ? `Its keys, shown only now:

  server key     ${keys.server}
  client key     ${keys.client}
  read-only key  ${keys.read_only}

  curl '${url}/v1/analytics/daily?app_id=${ios}&days=7' -H 'Authorization: Bearer ${keys.read_only}'`
    : 'Its keys were shown when it was made; for another one: appflow keys create';
  return `Project "${DEMO_NAME}" is ready: ${state.plan.days} days of three apps. ${summary}

  project  ${state.projectId}
  apps     ${ios}  iOS
           ${android}  Android
           ${web}  Web

${keyText}

  dashboard  ${url}
  API        ${url}/openapi.json`;
}

const notifyNoFeed = (error: unknown) => notify(`Nothing will arrive on Live: ${messageOf(error)}`);

async function isServed(url: string): Promise<boolean> {
  return fetch(`${url}/healthz`, { signal: AbortSignal.timeout(SERVED_MS_MAX), redirect: 'manual' }).then(
    ({ status }) => status === 200,
    () => false,
  );
}

function parseWithin(min: number, max: number) {
  return (text: string): number => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    throw new InvalidArgumentError(`Write a whole number from ${min} to ${max}.`);
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
      `make the project "${DEMO_NAME}" with 90 days of believable data, and serve it; again changes nothing`,
    )
    .option('--seed <number>', 'another seed makes other people (1)', parseWithin(0, SEED_MAX))
    .option('--days <number>', 'days up to now (90)', parseWithin(1, DAYS_MAX))
    .option('--users <number>', 'people who use the apps (4000)', parseWithin(1, USERS_MAX))
    .option('--no-serve', 'only store the data, start no server that stays')
    .action(async ({ serve, ...plan }: Options) => {
      const config = readCommandConfig();
      const stopping = new AbortController();
      for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stopping.abort());
      notify(`Making the demo in ${config.dataDir} …`);
      const run = await runDemo(config, plan, Date.now(), stopping.signal);
      printResult(renderDemo(config, run));
      if (!serve || stopping.signal.aborted || (await isServed(localUrl(config)))) return;
      process.removeAllListeners('SIGINT').removeAllListeners('SIGTERM');
      // The same entry point as `appflow serve`.
      await import('../main.ts');
      // With port 0, only the server knows which port it got.
      if (config.port !== 0)
        void openFeed(config, run.state).then((feed) => feedLive(feed, run.state, Date.now()), notifyNoFeed);
    });
}
