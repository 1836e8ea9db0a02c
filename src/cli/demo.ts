import { type Command, InvalidArgumentError } from 'commander';
import { type Config, readCommandConfig } from '../config.ts';
import { MINUTE_MS } from '../lib/durations.ts';
import { messageOf } from '../lib/storage-error.ts';
import { type ControlServices, openControlServices } from '../open-services.ts';
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
import { localUrl } from './server-address.ts';

type Options = Partial<DemoPlan> & { serve: boolean };

/** What a run of the demo came to. `keys` are there when it was made by this run. */
export type DemoRun = { state: DemoState; keys: DemoKeys | undefined; accepted: number; duplicates: number };

const PLAN_DEFAULT: DemoPlan = { seed: 1, days: 90, users: 4_000 };

/** Younger events come with the next run: a second run right after the first has nothing to do. */
const FRESH_MS = 15 * MINUTE_MS;

const tell = (sentence: string) => process.stderr.write(`${sentence}\n`);

/**
 * Makes the demo in the data folder, or brings the one that is there up to `nowMs`; again changes nothing. Sends to the
 * server that runs on the folder, or writes to the event store itself.
 */
export async function runDemo(
  config: Config,
  asked: Partial<DemoPlan>,
  nowMs: number,
  signal: AbortSignal,
): Promise<DemoRun> {
  const services = await openControlServices(config);
  try {
    const found = await findDemo(services);
    if (found) requireSamePlan(found, asked);
    const state = found ?? (await createDemo(services, { ...PLAN_DEFAULT, ...asked }, nowMs));
    const loaded = await bringUp(services, state, nowMs, signal);
    // Last, as they are shown once: whoever stops the command before has missed none.
    if (state.feedKeyId !== undefined) return { ...loaded, keys: undefined };
    return { ...loaded, ...(await createDemoKeys(services, loaded.state, nowMs)) };
  } finally {
    await services.close();
  }
}

async function bringUp(
  services: ControlServices,
  state: DemoState,
  nowMs: number,
  signal: AbortSignal,
): Promise<Omit<DemoRun, 'keys'>> {
  if (nowMs - state.loadedUntilMs < FRESH_MS) return { state, accepted: 0, duplicates: 0 };
  const sink = await openSink(services, state, signal);
  const progress = openDemoProgress(process.stderr);
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

/** One process at a time holds the event store: the server, or this one. */
async function openSink(services: ControlServices, state: DemoState, signal: AbortSignal): Promise<DemoSink> {
  const project = getDemoProject(services, state);
  const url = localUrl(services.config);
  return (await isServed(url))
    ? openServerSink(services, project, url, signal)
    : openStoreSink(services, project);
}

/** Returns what a person reads after `demo`. */
export function renderDemo(config: Config, { state, keys, accepted }: DemoRun): string {
  const url = config.publicUrl || localUrl(config);
  const { ios, android, web } = state.stage.appIds;
  const made = accepted > 0 ? `${accepted} events were stored.` : 'Nothing was to be added.';
  const shown = keys
    ? `Its keys, shown only now:

  server key     ${keys.server}
  client key     ${keys.client}
  read-only key  ${keys.read_only}

  curl '${url}/v1/analytics/daily?app_id=${ios}&days=7' -H 'Authorization: Bearer ${keys.read_only}'`
    : 'Its keys were shown when it was made; for another one: appflow keys create';
  return `Project "${DEMO_NAME}" is ready: ${state.plan.days} days of three apps. ${made}

  project  ${state.projectId}
  apps     ${ios}  iOS
           ${android}  Android
           ${web}  Web

${shown}

  dashboard  ${url}
  API        ${url}/docs`;
}

const tellNoFeed = (error: unknown) => tell(`Nothing will arrive on Live: ${messageOf(error)}`);

async function isServed(url: string): Promise<boolean> {
  return fetch(`${url}/healthz`).then(
    () => true,
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

/** Adds `appflow demo`: a project full of believable data, and a server to look at it. */
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
      const leaving = new AbortController();
      for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => leaving.abort());
      tell(`Making the demo in ${config.dataDir} …`);
      const run = await runDemo(config, plan, Date.now(), leaving.signal);
      process.stdout.write(`${renderDemo(config, run)}\n`);
      if (!serve || leaving.signal.aborted || (await isServed(localUrl(config)))) return;
      process.removeAllListeners('SIGINT').removeAllListeners('SIGTERM');
      // The entry point itself, as `appflow serve` does.
      await import('../main.ts');
      // Any free port is the server's own secret.
      if (config.port !== 0)
        void openFeed(config, run.state).then((feed) => feedLive(feed, run.state, Date.now()), tellNoFeed);
    });
}
