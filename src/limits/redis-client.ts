import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';

/** Lua that Redis runs as one step. It knows a script by its hash once it has seen the text. */
export type Script = { readonly lua: string; readonly sha: string };

/** One connection to Redis, made anew by itself when it is lost. */
export type RedisClient = {
  /**
   * Returns what a script answers. Rejects when it is not answered in time, and with whatever Redis says against it.
   * Never sent twice: a charge that timed out may have been made.
   */
  run(script: Script, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown>;
  /** Returns a setting of the server, undefined when it does not tell. */
  findSetting(name: string): Promise<string | undefined>;
  /** Whether the server is a node of a Redis Cluster; false when it does not tell. */
  isClusterNode(): Promise<boolean>;
  isReady(): boolean;
  close(): void;
};

/** What a client tells: that it can be asked, and that it no longer can. */
export type RedisEvents = { onReady: () => void; onLost: (reason: string) => void };

/** Longer than any healthy answer takes; what a request waits when Redis freezes, until the breaker opens. */
const ANSWER_MS = 50;
const CONNECT_MS = 1_000;
/** A connection on which nothing came for this long is dead, whatever TCP says: a host may vanish without a word. */
const SILENCE_MS = 1_000;
const RETRY_MS_MAX = 500;
const CLOSE_MS = 100;

/** Returns the script in a file of this folder. */
export function readScript(file: string): Script {
  const lua = readFileSync(join(import.meta.dirname, file), 'utf8');
  return { lua, sha: createHash('sha1').update(lua).digest('hex') };
}

/** Starts to connect to Redis at `url`, whose password is never told on. A script has `answerMs` to answer. */
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
    // One that is loading its data guesses how long it will take, badly: look again soon.
    maxLoadingRetryTime: RETRY_MS_MAX,
    // The name may lead to another server by now.
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
        // The script was not known, so nothing was done.
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
 * Rejects when there is no answer in time. Not the client's own `commandTimeout`: after a pause of this process, that
 * would fire before the answers are read which came meanwhile, and a busy moment would look like a dead Redis.
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
