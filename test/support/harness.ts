import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { init } from '../../src/cli/init.ts';
import type { Initialized, InitOptions } from '../../src/cli/init-text.ts';
import { type Config, readConfig } from '../../src/config/config.ts';
import type { Clock } from '../../src/lib/clock.ts';
import { type Clocks, type RunningServer, startServer } from '../../src/server/start.ts';
import { cleanUp } from './clean-up.ts';
import { eventServerOf } from './clickhouse-front.ts';
import { requireDocumented } from './documented-answers.ts';
import { checkAnswer, requireNoSecrets, requireNoSecretsInFolder, trackSecrets } from './minted-secrets.ts';
import { databaseOf } from './postgres.ts';

/** Rate limits off, for tests that are not about limits. */
export const LIMITS_OFF = {
  APPFLOW_LIMIT_EVENTS_REQUESTS: 'off',
  APPFLOW_LIMIT_EVENTS: 'off',
  APPFLOW_LIMIT_EVENTS_IP_REQUESTS: 'off',
  APPFLOW_LIMIT_EVENTS_IP: 'off',
  APPFLOW_LIMIT_ANALYTICS: 'off',
  APPFLOW_LIMIT_ANALYTICS_IN_FLIGHT: 'off',
  APPFLOW_LIMIT_MANAGEMENT: 'off',
  APPFLOW_LIMIT_FAILED_AUTH: 'off',
  APPFLOW_LIMIT_LEAK_HOOK: 'off',
  APPFLOW_LIMIT_SIGN_IN: 'off',
};

/** What to stop before a folder is checked and removed: cleanups run in the order they were added. */
const cleanups = new Map<string, (() => Promise<void>)[]>();

/**
 * Returns a new empty folder that is removed when the test file ends. Fails then if it became a data folder and contains
 * a key created by this file's servers or commands.
 */
export function makeTempDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'appflow-test-'));
  const stops: (() => Promise<void>)[] = [];
  cleanups.set(dir, stops);
  cleanUp(async () => {
    try {
      await Promise.all(stops.map((stop) => stop()));
      if (existsSync(join(dir, 'control.db'))) requireNoSecretsInFolder(dir);
    } finally {
      // A server that is stopped later may still be writing.
      rmSync(dir, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
    }
  });
  return dir;
}

/** Runs `stop` when the test file ends, before the folder is checked and removed. */
export function stopBeforeRemoval(dir: string, stop: () => Promise<void>): void {
  const stops = cleanups.get(dir);
  if (stops) stops.push(stop);
  else cleanUp(stop);
}

/**
 * Returns a configuration with its own data folder, and with its own database in a run on PostgreSQL, a free port, no log and no rate limits, overridden by `env`. */
export function makeConfig(env: Record<string, string> = {}): Config {
  const folder = env.APPFLOW_DATA_DIR ?? makeTempDir();
  return readConfig({
    APPFLOW_DATA_DIR: folder,
    ...databaseOf(folder),
    ...eventServerOf(folder),
    PORT: '0',
    LOG_LEVEL: 'silent',
    ...LIMITS_OFF,
    ...env,
  });
}

/** A client of the API for tests. */
export type Api = {
  url: string;
  /** Sends a request; `body` is sent as JSON unless it is a string or bytes. */
  call: (method: string, path: string, options?: CallOptions) => Promise<Answer>;
};

/** Returns the value of a metric by its name, with labels as in /metrics; NaN if there is none. */
export async function readMetric(api: Api, name: string): Promise<number> {
  const { text } = await api.call('GET', '/metrics');
  const line = text.split('\n').find((one) => one.startsWith(`${name} `));
  return Number(line?.slice(name.length + 1));
}

/** The options of one call. */
export type CallOptions = { key?: string; body?: unknown; headers?: Record<string, string> };

// biome-ignore lint/suspicious/noExplicitAny: tests read answers of every shape, and a wrong property fails the test.
export type Answer = { status: number; headers: Headers; body: any; text: string };

function toRequest(method: string, { key, body, headers = {} }: CallOptions): RequestInit {
  const own: Record<string, string> = {};
  if (key !== undefined) own.authorization = `Bearer ${key}`;
  if (body === undefined) return { method, headers: { ...own, ...headers } };
  const isRaw = typeof body === 'string' || body instanceof Uint8Array;
  own['content-type'] = 'application/json';
  return { method, headers: { ...own, ...headers }, body: isRaw ? (body as string) : JSON.stringify(body) };
}

/** Returns the whole text of an answer. Returns nothing for a stream, which never ends: only its head is read. */
async function readText(response: Response): Promise<string> {
  if (!response.headers.get('content-type')?.startsWith('text/event-stream')) return response.text();
  await response.body?.cancel();
  return '';
}

/** Returns a client of the server at `url`. It fails if an answer contains a key other than the one just created. */
export function connect(url: string): Api {
  return {
    url,
    async call(method, path, options = {}) {
      const response = await fetch(url + path, toRequest(method, options));
      const text = await readText(response);
      const isJson = /\bjson\b/.test(response.headers.get('content-type') ?? '');
      const body = isJson && text !== '' ? JSON.parse(text) : text;
      const answer = { status: response.status, headers: response.headers, body, text };
      checkAnswer(method, path, answer);
      requireDocumented(method, path, answer);
      return answer;
    },
  };
}

/** The servers of this test file whose control database is in PostgreSQL, by data folder. */
const running = new Map<string, Api>();

/** A running server with one project. */
export type TestServer = Api & { server: RunningServer; config: Config; project: Initialized };

/**
 * Starts a real server on its own folder with one project, and stops it when the test file ends. At most one per test
 * file, because the embedded event store supports one folder per process. Fails at the end if a key is in its log, its
 * metrics or its folder.
 */
export async function startTestServer(
  env: Record<string, string> = {},
  clocks: Clocks = {},
): Promise<TestServer> {
  const config = makeConfig(env);
  const project = await initTracked(config, { project: 'Test', app: 'Main', platform: 'ios' });
  const lines: string[] = [];
  const loud = { ...config, logLevel: 'trace' } as const;
  const server = await startServer(loud, clocks, { write: (line) => lines.push(line) });
  stopBeforeRemoval(config.dataDir, async () => {
    const metrics = await scrape(server, config).finally(() => server.stop());
    assert.ok(lines.length > 0, 'there is a log to check');
    requireNoSecrets('/metrics', metrics);
    requireNoSecrets("The server's log", lines.join(''));
  });
  const api = connect(server.url);
  if (config.databaseUrl !== undefined) running.set(config.dataDir, api);
  return { ...api, server, config, project };
}

/** A server that does not answer is stopped all the same. */
const SCRAPE_MS_MAX = 10_000;

/** Returns the text of `/metrics`; empty if the test has stopped the server. */
async function scrape({ url, metricsUrl }: RunningServer, { metricsToken }: Config): Promise<string> {
  const headers = metricsToken === undefined ? {} : { authorization: `Bearer ${metricsToken}` };
  const signal = AbortSignal.timeout(SCRAPE_MS_MAX);
  const response = await fetch(`${metricsUrl ?? url}/metrics`, { headers, signal }).catch(() => undefined);
  if (response === undefined) return '';
  assert.equal(response.status, 200, 'there are metrics to check');
  return response.text();
}

/** Creates another project, to prove that projects are isolated. Resolves once the server of this data folder knows it. */
export async function initProject(config: Config, app = 'Other'): Promise<Initialized> {
  const made = await initTracked(config, { project: 'Other', app, platform: 'android' });
  const key = made.server_key;
  // With SQLite, it knows it immediately.
  while ((await running.get(config.dataDir)?.call('GET', '/v1/api-keys/self', { key }))?.status === 401)
    await sleep(10);
  return made;
}

async function initTracked(config: Config, options: InitOptions): Promise<Initialized> {
  const made = await init(config, options);
  trackSecrets(JSON.stringify(made));
  return made;
}

/** Returns a wall clock that starts at the current time and moves only by `advance` and `set`. */
export function makeClock(): Clock & { advance: (ms: number) => void; set: (instantMs: number) => void } {
  let instant = Date.now();
  return {
    now: () => instant,
    advance: (ms) => {
      instant += ms;
    },
    set: (instantMs) => {
      instant = instantMs;
    },
  };
}

/** Creates a key through the API and returns its record, with the secret under `key`. Fails if it is not created. */
export async function makeKey(api: TestServer, fields: Record<string, unknown>) {
  const options = { key: api.project.server_key, body: { name: 'Test', ...fields } };
  const { status, body, text } = await api.call('POST', '/v1/api-keys', options);
  assert.equal(status, 201, text);
  return body as { id: string; key: string; [name: string]: unknown };
}
