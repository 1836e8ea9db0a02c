import type { Config } from './config.ts';
import { createServer } from './http/server.ts';
import { startAuditHeadLog } from './keys/audit-head.ts';
import { startExpiryNotices } from './keys/expiry-notices.ts';
import { startDisablingLeaked } from './leaks/disable-leaked.ts';
import type { Clock } from './lib/clock.ts';
import { closeAll, closeInReverse } from './lib/close-all.ts';
import type { Log, LogDestination } from './lib/log.ts';
import { createLimiter } from './limits/limiter.ts';
import { createMemoryLimiter } from './limits/memory.ts';
import { openRedisStore } from './limits/redis.ts';
import { requireFreePort, toListenError } from './listen-error.ts';
import { renewSetupLink } from './members/setup-link.ts';
import { listenForMetrics } from './metrics/listen.ts';
import { watchServices } from './metrics/sources.ts';
import { openControlServices } from './open-services.ts';
import { FRONT_DOOR_ROUTES, ROUTES } from './routes.ts';
import type { Services } from './services.ts';
import { openWarehouse } from './warehouse/open.ts';

/** A server that listens. `stop` resolves when everything acknowledged is safe and closed. */
export type RunningServer = {
  url: string;
  /** Where `/metrics` is, when METRICS_PORT gives it a port of its own. */
  metricsUrl: string | undefined;
  isNew: boolean;
  /** Where the first account is made, once; undefined when there is one. It holds a secret: for the operator's eyes. */
  setupUrl: string | undefined;
  stop: () => Promise<void>;
};

/** What tests put in the place of time: the wall clock, and the limiter's monotonic one in whole microseconds. */
export type Clocks = { clock?: Clock; nowUs?: () => number };

/** A request that is still coming in by then is cut off: a slow client must not hold up a stop. */
const STOP_GRACE_MS = 5_000;

/** Config → databases → services → listen. Throws, with nothing left open, when any of them cannot be had. */
export async function startServer(
  config: Config,
  { clock: given, nowUs }: Clocks = {},
  logTo?: LogDestination,
): Promise<RunningServer> {
  await requireFreePort(config);
  await using opening = new AsyncDisposableStack();
  const control = opening.adopt(await openControlServices(config, given, logTo), close);
  const { clock, log } = control;
  const warehouse = opening.adopt(await openWarehouse({ path: control.eventsDir, log, clock }), close);
  const store = opening.adopt(await openLimitStore(config, log, nowUs), close);
  const { limitOverrides: overrides, rateLimitHeaders } = config;
  const limiter = createLimiter({ overrides, rateLimitHeaders, store });
  const services = { ...control, warehouse, limiter };
  const app = createServer(services, [...ROUTES, ...FRONT_DOOR_ROUTES]);
  let stopTasks = async () => {};
  opening.defer(() => stopTasks());
  let metricsListener: Awaited<ReturnType<typeof listenForMetrics>>;
  opening.defer(async () => metricsListener?.close());
  opening.defer(() => closeServer(app));
  const url = await app.listen({ port: config.port, host: config.host }).catch((error: unknown) => {
    throw toListenError(error, config);
  });
  metricsListener = await listenForMetrics(services).catch((error: unknown) => {
    throw toListenError(error, { port: config.metricsPort ?? 0, host: config.host }, 'METRICS_PORT');
  });
  watchServices(services);
  stopTasks = startTasks(services);
  const setupToken = await renewSetupLink(services);
  log.info({ url }, 'listening');
  // From here on the caller closes, in the reverse order of opening, each step though the one before failed: requests
  // under way are answered first, then the writer drains, so what was acknowledged is on disk.
  const opened = opening.move();
  const isNew = !control.directory.hasProjects();
  const setupUrl = setupToken && `${config.publicUrl || url}/setup#${setupToken}`;
  const stop = () => closeInReverse(opened);
  return { url, metricsUrl: metricsListener?.url, isNew, setupUrl, stop };
}

/** Buckets are counted together with other processes, or in this one. */
async function openLimitStore({ redisUrl }: Config, log: Log, nowUs: Clocks['nowUs']) {
  const time = nowUs === undefined ? {} : { nowUs };
  if (redisUrl === undefined) return { ...createMemoryLimiter(time), close: async () => {} };
  return openRedisStore({ url: redisUrl, log, ...time });
}

async function close(opened: { close: () => Promise<void> }): Promise<void> {
  await opened.close();
}

/** Answers what is under way; who is still sending or waiting after the grace is cut off. */
async function closeServer(app: ReturnType<typeof createServer>): Promise<void> {
  const cutOff = setTimeout(() => app.server.closeAllConnections(), STOP_GRACE_MS);
  try {
    await app.close();
  } finally {
    clearTimeout(cutOff);
  }
}

/** Starts what a server does beside answering. Returns the function that ends it, after the last request. */
function startTasks(services: Services): () => Promise<void> {
  const stopDisabling = startDisablingLeaked(services);
  const stopHeadLog = startAuditHeadLog(services.control, services.log);
  const stopNotices = startExpiryNotices(services);
  return () => closeAll([stopDisabling, stopHeadLog, stopNotices]);
}
