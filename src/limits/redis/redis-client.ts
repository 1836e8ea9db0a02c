import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';

/** A Lua script that Redis runs atomically. Redis knows it by its hash after the first run. */
export type Script = { readonly lua: string; readonly sha: string };

/** One connection to Redis that reconnects by itself. */
export type RedisClient = {
  /**
   * Returns a script's reply. Rejects when it does not arrive in time, and with any error of Redis. Never sent twice:
   * a charge that timed out may have been made.
   */
  run(script: Script, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown>;
  /** Returns a server setting, undefined when the server does not report it. */
  findSetting(name: string): Promise<string | undefined>;
  /** Whether the server is a node of a Redis Cluster; false when it does not report it. */
  isClusterNode(): Promise<boolean>;
  isReady(): boolean;
  close(): void;
};

/** Connection events: ready for commands, and no longer ready. */
export type RedisEvents = { onReady: () => void; onLost: (reason: string) => void };

/** Longer than any healthy reply takes. This is what a request waits when Redis freezes, until the breaker opens. */
const ANSWER_MS = 50;
const CONNECT_MS = 1_000;
/** A connection without any data for this long is dead, whatever TCP says: a host may disappear without closing it. */
const SILENCE_MS = 1_000;
const RETRY_MS_MAX = 500;
const CLOSE_MS = 100;

/** Returns the script in a file of this folder. */
export function readScript(file: string): Script {
  const lua = readFileSync(join(import.meta.dirname, file), 'utf8');
  return { lua, sha: createHash('sha1').update(lua).digest('hex') };
}

/**
 * Starts connecting to Redis at `url`, whose password never appears in logs or errors. A script has `answerMs` to
 * reply.
 */
export function openRedisClient(
  url: string,
  { onReady, onLost }: RedisEvents,
  answerMs = ANSWER_MS,
): RedisClient {
  const redis = new Redis(url, {
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    connectTimeout: CONNECT_MS,
    socketTimeout: SILENCE_MS,
    disconnectTimeout: CLOSE_MS,
    retryStrategy: (attempt) => Math.min(50 * attempt, RETRY_MS_MAX),
    // A server that is loading its data estimates badly how long it will take: retry soon.
    maxLoadingRetryTime: RETRY_MS_MAX,
    // The host name may resolve to another server by now.
    reconnectOnError: ({ message }) => message.startsWith('READONLY'),
  });
  let isClosing = false;
  let reason: string | undefined;
  redis.on('error', (error: Error) => {
    reason = error.message;
  });
  redis.on('ready', onReady);
  redis.on('close', () => {
    if (!isClosing) onLost(reason ?? 'the connection was lost');
    reason = undefined;
  });

  return {
    run({ lua, sha }, keys, args) {
      const answer = redis.evalsha(sha, keys.length, ...keys, ...args).catch((error: unknown) => {
        // The script was unknown, so nothing was done.
        if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error;
        return redis.eval(lua, keys.length, ...keys, ...args);
      });
      return withTimeout(answer, answerMs);
    },
    async findSetting(name) {
      const pair: unknown = await redis.config('GET', name).catch(() => undefined);
      return Array.isArray(pair) && typeof pair[1] === 'string' ? pair[1] : undefined;
    },
    async isClusterNode() {
      const info = await redis.info('cluster').catch(() => '');
      return /^cluster_enabled:1/m.test(info);
    },
    isReady: () => redis.status === 'ready',
    close() {
      isClosing = true;
      redis.disconnect();
    },
  };
}

/**
 * Rejects when there is no reply in time. Not the client's own `commandTimeout`: after a pause of this process, that
 * would fire before the replies that arrived meanwhile are read, and a busy moment would look like a dead Redis.
 */
function withTimeout<T>(answer: Promise<T>, ms: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const giveUp = () => reject(new Error(`no answer within ${ms} ms`));
    const timer = setTimeout(() => setImmediate(giveUp), ms);
    answer.then(
      (value) => {
        clearTimeout(timer);
        resolve(value);
      },
      (error: unknown) => {
        clearTimeout(timer);
        reject(error);
      },
    );
  });
}
