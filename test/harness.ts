import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { type Initialised, init } from '../src/cli/init.ts';
import { type Config, readConfig } from '../src/config.ts';
import type { Clock } from '../src/lib/clock.ts';
import { type Clocks, type RunningServer, startServer } from '../src/server.ts';

/** Limits off: for tests that are not about limits. */
export const LIMITS_OFF = {
  APPFLOW_LIMIT_EVENTS_REQUESTS: 'off',
  APPFLOW_LIMIT_EVENTS: 'off',
  APPFLOW_LIMIT_ANALYTICS: 'off',
  APPFLOW_LIMIT_MANAGEMENT: 'off',
  APPFLOW_LIMIT_FAILED_AUTH: 'off',
};

/** Returns a new empty folder that is removed when the test file ends. */
export function makeTempDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'appflow-test-'));
  after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
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

/** Returns a caller of the server at `url`. */
export function connect(url: string): Api {
  return {
    url,
    async call(method, path, options = {}) {
      const response = await fetch(url + path, toRequest(method, options));
      const text = await response.text();
      const isJson = response.headers.get('content-type')?.includes('json') ?? false;
      const body = isJson && text !== '' ? JSON.parse(text) : text;
      return { status: response.status, headers: response.headers, body, text };
    },
  };
}

export type TestServer = Api & { server: RunningServer; config: Config; project: Initialised };

/**
 * Starts a real server on a folder of its own with one project, stopped when the test file ends. One a test file: the
 * embedded event store takes one folder a process.
 */
export async function startTestServer(
  env: Record<string, string> = {},
  clocks: Clocks = {},
): Promise<TestServer> {
  const config = makeConfig(env);
  const project = await init(config, { project: 'Test', app: 'Main', platform: 'ios' });
  const server = await startServer(config, clocks);
  after(() => server.stop());
  return { ...connect(server.url), server, config, project };
}

/** Returns another project on the same server: for proving that nothing crosses. */
export function initProject(config: Config, app = 'Other'): Promise<Initialised> {
  return init(config, { project: 'Other', app, platform: 'android' });
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
