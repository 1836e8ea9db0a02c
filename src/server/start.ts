import { startAuditWatch } from '../audit/head.ts';
import type { Config } from '../config/config.ts';
import { watchDisk } from '../disk/space.ts';
import { findClockWarning } from '../http/clock-warning.ts';
import { addListeners, LISTEN_OPTIONS } from '../http/connections/listeners.ts';
import { listenForMetrics } from '../http/metrics/listen.ts';
import { watchServices } from '../http/metrics/sources.ts';
import type { Services } from '../http/pipeline/services.ts';
import { STOP_GRACE_MS } from '../http/send-streamed.ts';
import { createServer } from '../http/server.ts';
import type { Clock } from '../lib/clock.ts';
import type { Log, LogDestination } from '../lib/log.ts';
import { runPeriodically } from '../lib/periodic.ts';
import { createLimiter } from '../limits/limiter.ts';
import { createMemoryLimiter } from '../limits/memory.ts';
import { openRedisStore } from '../limits/redis/redis.ts';
import { renewSetupLink } from '../members/set-up.ts';
import { DASHBOARD_ROUTES, ROUTES } from '../routes.ts';
import { closeAll, closeInReverse } from './close-all.ts';
import { startClusterTasks } from './cluster-tasks.ts';
import { startNotingRevisions } from './control-revision.ts';
import { requireFreePort, toListenError } from './listen-error.ts';
import { openControlServices } from './open-services.ts';
import { openStore } from './open-store.ts';

/** A server that is listening. `stop` resolves once every acknowledged event is on disk and everything is closed. */
export type RunningServer = {
  url: string;
  /** URL of `/metrics`, if METRICS_PORT gives it its own port. */
  metricsUrl: string | undefined;
  isNew: boolean;
  /** One-time link to create the first account; undefined once one exists. Contains a secret: show it to the operator only. */
  setupUrl: string | undefined;
  /** Loads what the first sign-in needs. Never rejects: a failure is logged. */
  loadAccounts: () => Promise<void>;
  /** Derives the rollups of all days that have changed, which otherwise happens a few seconds later. */
  settleRollups: () => Promise<void>;
  stop: () => Promise<void>;
};

/** Clocks that tests replace: the wall clock, and the limiter's monotonic clock in whole microseconds. */
export type Clocks = { clock?: Clock; nowUs?: () => number };

/** Config → databases → services → listen. Throws if any step fails, with everything closed again. */
export async function startServer(
  config: Config,
  { clock: given, nowUs }: Clocks = {},
  logTo?: LogDestination,
): Promise<RunningServer> {
  await requireFreePort(config);
  await using opening = new AsyncDisposableStack();
  const control = opening.adopt(await openControlServices(config, given, logTo), close);
  const { log } = control;
  await control.requirePair();
  control.disk.makeRoomToOpen();
  const events = opening.adopt(await openStore(control), close);
  const { warehouse, rollups } = events;
  const store = opening.adopt(await openLimitStore(config, log, nowUs), close);
  const { limitOverrides: overrides, rateLimitHeaders } = config;
  const limiter = createLimiter({ overrides, rateLimitHeaders, store });
  const services = { ...control, warehouse, rollups, limiter };
  const app = createServer(services, [...ROUTES, ...DASHBOARD_ROUTES]);
  let stopTasks = async () => {};
  opening.defer(() => stopTasks());
  let metricsListener: Awaited<ReturnType<typeof listenForMetrics>>;
  opening.defer(async () => metricsListener?.close());
  let closeListeners = async () => {};
  opening.defer(() => closeServer(app, () => closeListeners()));
  const { url, close: closePort } = await listen(app, config);
  closeListeners = closePort;
  metricsListener = await listenForMetrics(services).catch((error: unknown) => {
    throw toListenError(error, { port: config.metricsPort ?? 0, host: config.host }, 'METRICS_PORT');
  });
  watchServices(services);
  stopTasks = startTasks(services, control.eventsDir);
  events.startErasing();
  const setupToken = await renewSetupLink(services);
  log.info({ url }, 'listening');
  // From here on the caller closes everything in reverse order, each step even if the one before failed: requests in
  // progress are answered first, then the writer drains, so that every acknowledged event is on disk.
  // First, while requests are still answered, so that those of other nodes hardly wait.
  opening.defer(events.handOver);
  const opened = opening.move();
  const isNew = !control.directory.hasProjects();
  const setupUrl = setupToken && `${config.publicUrl || url}/setup#${setupToken}`;
  const stop = () => {
    control.unstored.noteStop();
    return closeInReverse(opened);
  };
  const loadAccounts = async () => {
    try {
      await Promise.all([services.people.auth(), import('better-auth/crypto')]);
    } catch (error) {
      log.error({ err: error }, 'signing in does not work until the next start');
    }
  };
  return {
    url,
    metricsUrl: metricsListener?.url,
    isNew,
    setupUrl,
    loadAccounts,
    settleRollups: rollups.settle,
    stop,
  };
}

/** Opens the store of rate-limit buckets: shared by all processes in Redis, or in this process's memory. */
async function openLimitStore({ redisUrl }: Config, log: Log, nowUs: Clocks['nowUs']) {
  const time = nowUs === undefined ? {} : { nowUs };
  if (redisUrl === undefined) return { ...createMemoryLimiter(time), close: async () => {} };
  return openRedisStore({ url: redisUrl, log, ...time });
}

async function close(opened: { close: () => Promise<void> }): Promise<void> {
  await opened.close();
}

/** Listens on the configured port, with several sockets if the system can. Throws an error with the fix. */
async function listen(app: ReturnType<typeof createServer>, { port, host }: Config) {
  try {
    await app.ready();
    // Again, right before: sockets that share a port would also share it with another process.
    await requireFreePort({ port, host });
    const url = await app.listen({ port, host, ...LISTEN_OPTIONS });
    return { url, close: await addListeners(app.server) };
  } catch (error) {
    throw toListenError(error, { port, host });
  }
}

/** Answers requests in progress, then drops those that remain after the grace period. */
async function closeServer(
  app: ReturnType<typeof createServer>,
  closeListeners: () => Promise<void>,
): Promise<void> {
  const dropTimer = setTimeout(() => app.server.closeAllConnections(), STOP_GRACE_MS);
  try {
    await Promise.all([app.close(), closeListeners()]);
  } finally {
    clearTimeout(dropTimer);
  }
}

const CLOCK_CHECK_MS = 10_000;

/** Logs a clock that is ahead of the system clock, once each time that begins. Returns the function that stops it. */
function startClockWatch({ clockState, log }: Services): () => Promise<void> {
  let wasAhead = false;
  return runPeriodically({
    everyMs: CLOCK_CHECK_MS,
    async run() {
      const warning = findClockWarning(clockState);
      if (warning !== undefined && !wasAhead) log.warn(warning);
      wasAhead = warning !== undefined;
    },
    onError: (err) => log.error({ err }, 'the clock cannot be checked'),
  });
}

/** Starts the background tasks. Returns the function that stops them, to be called after the last request. */
function startTasks(services: Services, eventsDir: string): () => Promise<void> {
  services.control.checkPages(services.log);
  const stopClusterTasks = startClusterTasks(services);
  const stopAuditWatch = startAuditWatch(services);
  const stopDiskWatch = watchDisk(services.disk, services.log);
  const stopClockWatch = startClockWatch(services);
  const stopNoting = startNotingRevisions(services, eventsDir);
  return () => closeAll([stopClusterTasks, stopAuditWatch, stopDiskWatch, stopClockWatch, stopNoting]);
}
