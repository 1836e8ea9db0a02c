import { randomUUID } from 'node:crypto';
import type { Log } from '../../lib/log.ts';
import type { StoreReport } from '../gcra/store.ts';
import { openRedisClient, type RedisClient, readScript } from './redis-client.ts';
import { createRedisGuard } from './redis-guard.ts';

/** The connection to a Redis that may be down, and what is known about it and the other processes that use it. */
export type RedisLink = {
  /**
   * Sends a command to Redis. Returns undefined immediately when Redis is known to be down, and resolves with
   * undefined when it does not reply; never rejects.
   */
  call<T>(command: (client: RedisClient) => Promise<T>): Promise<T | undefined> | undefined;
  /** Whether the next command would be skipped, or would be the first one after an outage. */
  isDegraded(): boolean;
  /** Live processes at the last heartbeat, including this one. */
  processes(): number;
  report(): Omit<StoreReport, 'localDecisions'>;
  /** Resolves when the other processes no longer count this one. */
  close(): Promise<void>;
};

/** `onOutage` is called when cached state of Redis may no longer be true; `answerMs` as for `openRedisClient`. */
export type RedisLinkOptions = {
  url: string;
  nodesKey: string;
  log: Log;
  onOutage: () => void;
  answerMs: number | undefined;
};

const HEARTBEAT = readScript('redis-beat.lua');
/** Other processes forget one after five missed heartbeats. */
const HEARTBEAT_MS = 1_000;
/** How often to check whether a probe is due, so that a recovered Redis is found even without requests. */
const POLL_MS = 200;
/** How long startup waits for Redis. Connecting to one that is up takes much less. */
const START_MS = 1_000;

/** One request charges buckets that a cluster may keep on several nodes, which no script can reach. */
const CLUSTER_REFUSAL = 'REDIS_URL names a node of a Redis Cluster, give a single Redis or Valkey';

/** Returns the link once Redis has replied or turned out to be unavailable. Startup never fails because of it. */
export async function openRedisLink(options: RedisLinkOptions): Promise<RedisLink> {
  const { url, nodesKey, log, onOutage, answerMs } = options;
  const id = randomUUID();
  const guard = createRedisGuard(log, onOutage);
  const started = Promise.withResolvers<void>();
  let processes = 1;
  let refusal: string | undefined;
  let warning: string | undefined;

  const events = {
    onReady() {
      void greetServer().finally(started.resolve);
      void findEvictionWarning(client, log).then((found) => {
        warning = found;
      });
    },
    onLost(reason: string) {
      guard.trip(reason);
      started.resolve();
    },
  };
  const client = openRedisClient(url, events, answerMs);

  function call<T>(command: (client: RedisClient) => Promise<T>): Promise<T | undefined> | undefined {
    return client.isReady() && refusal === undefined ? guard.call(() => command(client)) : undefined;
  }

  const isDegraded = () => guard.isOpen() || !client.isReady();

  /**
   * Checks the server just connected to, which may be a different one each time, and registers this process with it.
   */
  async function greetServer(): Promise<void> {
    refusal = (await client.isClusterNode()) ? CLUSTER_REFUSAL : undefined;
    if (refusal !== undefined) guard.trip(refusal);
    await sendHeartbeat();
  }

  async function sendHeartbeat(): Promise<void> {
    const count = await call(({ run }) => run(HEARTBEAT, [nodesKey], ['stay', id]));
    if (typeof count === 'number') processes = Math.max(1, count);
  }

  let nextHeartbeatMs = performance.now() + HEARTBEAT_MS;
  const poll = setInterval(() => {
    if (performance.now() < nextHeartbeatMs && !guard.isOpen()) return;
    nextHeartbeatMs = performance.now() + HEARTBEAT_MS;
    void sendHeartbeat();
  }, POLL_MS).unref();
  const startTimeout = setTimeout(started.resolve, START_MS);
  await started.promise;
  clearTimeout(startTimeout);

  return {
    call,
    isDegraded,
    processes: () => processes,
    report() {
      const { callsAnswered, callsFailed } = guard;
      const reason = refusal ?? 'Redis does not answer, the log says why';
      const problem = isDegraded()
        ? `${reason}: this process keeps to 1/${processes} of each rate limit.`
        : undefined;
      return { callsAnswered, callsFailed, problem, warning, processes };
    },
    async close() {
      clearInterval(poll);
      if (client.isReady()) await client.run(HEARTBEAT, [nodesKey], ['leave', id]).catch(() => undefined);
      client.close();
    },
  };
}

async function findEvictionWarning(client: RedisClient, log: Log): Promise<string | undefined> {
  const policy = await client.findSetting('maxmemory-policy');
  if (policy === undefined || policy === 'noeviction') return undefined;
  log.warn({ policy }, 'rate limits: Redis may evict them; set its maxmemory-policy to noeviction');
  return `Redis may forget who spent what: its maxmemory-policy is ${policy}. Set it to noeviction.`;
}
