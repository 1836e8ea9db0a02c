import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { type Initialized, type InitOptions, init } from '../src/cli/init.ts';
import { type Config, readConfig } from '../src/config.ts';
import type { Clock } from '../src/lib/clock.ts';
import { type Clocks, type RunningServer, startServer } from '../src/server.ts';
import { checkAnswer, noteSecrets, requireNoSecrets, requireNoSecretsInFolder } from './minted-secrets.ts';

/** Limits off: for tests that are not about limits. */
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

/** What must end before a folder is looked at and removed; `after` runs its hooks in the order they were given. */
const tenants = new Map<string, (() => Promise<void>)[]>();

/**
 * Returns a new empty folder that is removed when the test file ends. If it became a data folder, no key that this
 * file's servers and commands made may be in it then.
 */
export function makeTempDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'appflow-test-'));
  const leaving: (() => Promise<void>)[] = [];
  tenants.set(dir, leaving);
  after(async () => {
    try {
      for (const leave of leaving) await leave();
      if (existsSync(join(dir, 'control.db'))) requireNoSecretsInFolder(dir);
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  });
  return dir;
}

function endBeforeRemoval(dir: string, end: () => Promise<void>): void {
  const leaving = tenants.get(dir);
  if (leaving) leaving.push(end);
  else after(end);
}

/** Returns a configuration with its own data folder, any free port, a silent log and no limits, changed by `env`. */
export function makeConfig(env: Record<string, string> = {}): Config {
  return readConfig({
    APPFLOW_DATA_DIR: makeTempDir(),
    PORT: '0',
    LOG_LEVEL: 'silent',
    ...LIMITS_OFF,
    ...env,
  });
}

/** What a test calls the API with. */
export type Api = {
  url: string;
  /** Sends a request; `body` is sent as JSON unless it is a string or bytes. */
  call: (method: string, path: string, options?: CallOptions) => Promise<Answer>;
};

export type CallOptions = { key?: string; body?: unknown; headers?: Record<string, string> };

// biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape, and a wrong look fails the test.
export type Answer = { status: number; headers: Headers; body: any; text: string };

function toRequest(method: string, { key, body, headers = {} }: CallOptions): RequestInit {
  const own: Record<string, string> = {};
  if (key !== undefined) own.authorization = `Bearer ${key}`;
  if (body === undefined) return { method, headers: { ...own, ...headers } };
  const isRaw = typeof body === 'string' || body instanceof Uint8Array;
  own['content-type'] = 'application/json';
  return { method, headers: { ...own, ...headers }, body: isRaw ? (body as string) : JSON.stringify(body) };
}

/** Returns the whole text of an answer; nothing of one that goes on for ever: its head is all that is waited for. */
async function readText(response: Response): Promise<string> {
  if (!response.headers.get('content-type')?.startsWith('text/event-stream')) return response.text();
  await response.body?.cancel();
  return '';
}

/** Returns a caller of the server at `url`. It fails when an answer holds a key but the one that was just made. */
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
      return answer;
    },
  };
}

export type TestServer = Api & { server: RunningServer; config: Config; project: Initialized };

/**
 * Starts a real server on a folder of its own with one project, stopped when the test file ends. One a test file: the
 * embedded event store takes one folder a process. No key may then be in its log, its metrics or its folder.
 */
export async function startTestServer(
  env: Record<string, string> = {},
  clocks: Clocks = {},
): Promise<TestServer> {
  const config = makeConfig(env);
  const project = await initNoted(config, { project: 'Test', app: 'Main', platform: 'ios' });
  const lines: string[] = [];
  const loud = { ...config, logLevel: 'trace' } as const;
  const server = await startServer(loud, clocks, { write: (line) => lines.push(line) });
  endBeforeRemoval(config.dataDir, async () => {
    const metrics = await scrape(server, config);
    await server.stop();
    assert.ok(lines.length > 0, 'there is a log to look at');
    requireNoSecrets('/metrics', metrics);
    requireNoSecrets("The server's log", lines.join(''));
  });
  return { ...connect(server.url), server, config, project };
}

/** Returns what `/metrics` says; nothing when the test has stopped the server. */
async function scrape({ url, metricsUrl }: RunningServer, { metricsToken }: Config): Promise<string> {
  const headers = metricsToken === undefined ? {} : { authorization: `Bearer ${metricsToken}` };
  const response = await fetch(`${metricsUrl ?? url}/metrics`, { headers }).catch(() => undefined);
  if (response === undefined) return '';
  assert.equal(response.status, 200, 'the metrics are there to look at');
  return response.text();
}

/** Returns another project on the same server: for proving that nothing crosses. */
export function initProject(config: Config, app = 'Other'): Promise<Initialized> {
  return initNoted(config, { project: 'Other', app, platform: 'android' });
}

async function initNoted(config: Config, options: InitOptions): Promise<Initialized> {
  const made = await init(config, options);
  noteSecrets(JSON.stringify(made));
  return made;
}

/** Returns a wall clock that starts at the present and moves only when told, forwards or to an instant. */
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

/** Creates a key through the API and returns its record with the secret under `key`. Fails unless it is made. */
export async function makeKey(api: TestServer, fields: Record<string, unknown>) {
  const options = { key: api.project.server_key, body: { name: 'Test', ...fields } };
  const { status, body, text } = await api.call('POST', '/v1/api-keys', options);
  assert.equal(status, 201, text);
  return body as { id: string; key: string; [name: string]: unknown };
}
