import assert from 'node:assert/strict';
import { connect as connectSocket } from 'node:net';

import { NO_CALLER, type Write } from '../../src/control/control.ts';
import { createLimiter } from '../../src/limits/limiter.ts';
import { DASHBOARD_ROUTES, ROUTES } from '../../src/routes.ts';
import { openControlServices } from '../../src/server/open-services.ts';
import { cleanUp } from './clean-up.ts';
import { connect, initProject, makeClock, makeConfig, stopBeforeRemoval } from './harness.ts';
import { trackSecrets } from './minted-secrets.ts';
import { startOpenServer } from './open-server.ts';
import { parseAnswer } from './raw-http.ts';

type Call = { method: string; path: string; body: unknown; headers: Record<string, string> };

/**
 * Starts a server for slow callers, and `elsewhere`: the services of another process on the same database. One per
 * process, like any server.
 */
export async function startSlowServer() {
  const clock = makeClock();
  const config = makeConfig({ APPFLOW_LIMIT_ANALYTICS_IN_FLIGHT: '' });
  const project = await initProject(config);
  const limiter = createLimiter({ overrides: config.limitOverrides });
  const hooks = { onPeek: () => {}, onWrite: () => {} };
  const { url, services, stop } = await startOpenServer(
    config,
    clock,
    ({ control }) => ({
      limiter: {
        ...limiter,
        peek(request) {
          hooks.onPeek();
          return limiter.peek(request);
        },
      },
      control: {
        ...control,
        write(recheck, work) {
          hooks.onWrite();
          return control.write(recheck, work);
        },
      },
    }),
    [...ROUTES, ...DASHBOARD_ROUTES],
  );
  stopBeforeRemoval(config.dataDir, stop);
  const elsewhere = await openControlServices(config, clock);
  cleanUp(() => elsewhere.close());
  const api = connect(url);

  const { hostname, port } = new URL(url);
  /** Sends most of a request, runs `meanwhile` once the caller is authenticated, then sends the rest of the body. */
  async function sendSlowly({ method, path, body, headers }: Call, meanwhile: () => Promise<unknown>) {
    const bytes = JSON.stringify(body);
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    const head = `${method} ${path} HTTP/1.1\r\nHost: ${new URL(url).host}\r\n${lines.join('')}Connection: close\r\n`;
    const authenticated = new Promise<void>((resolve) => {
      hooks.onPeek = resolve;
    });
    const chunks: Buffer[] = [];
    const socket = connectSocket(Number(port), hostname);
    socket.on('data', (chunk) => chunks.push(chunk));
    const closed = new Promise((resolve, reject) => socket.on('close', resolve).on('error', reject));
    socket.write(
      `${head}Content-Type: application/json\r\nContent-Length: ${bytes.length}\r\n\r\n${bytes.slice(0, 5)}`,
    );
    await authenticated;
    hooks.onPeek = () => {};
    await meanwhile();
    socket.write(bytes.slice(5));
    await closed;
    const text = Buffer.concat(chunks).toString('latin1');
    trackSecrets(text);
    return parseAnswer(text);
  }

  /** Calls `send` while `elsewhere` holds the write lock; the write of its request waits until `change` is committed. */
  async function sendWhileLocked<T>(
    change: (write: Write) => Promise<unknown>,
    send: () => Promise<T>,
  ): Promise<T> {
    const isWaiting = Promise.withResolvers<void>();
    const isChanged = Promise.withResolvers<void>();
    const writing = elsewhere.control.write(NO_CALLER, async (write) => {
      await change(write);
      isChanged.resolve();
      await isWaiting.promise;
    });
    await isChanged.promise;
    hooks.onWrite = isWaiting.resolve;
    const answer = await send();
    hooks.onWrite = () => {};
    isWaiting.resolve();
    await writing;
    return answer;
  }

  async function manage(method: string, path: string, body?: unknown) {
    const sent = { key: project.server_key, ...(body === undefined ? {} : { body }) };
    const answer = await api.call(method, path, sent);
    assert.ok(answer.status < 300, answer.text);
    return answer.body;
  }

  /** Returns everything stored that a request could have changed, except its own key, and the number of events. */
  async function readState(ownKeyId = '') {
    const { db } = services.control;
    const keys = await db
      .selectFrom('api_keys')
      .select(['id', 'name', 'revoked_at'])
      .where('id', '!=', ownKeyId)
      .orderBy('id')
      .execute();
    const secrets = await db.selectFrom('key_secrets').select(['key_id', 'version']).orderBy('mac').execute();
    const apps = await db.selectFrom('apps').select(['id', 'name', 'deleted_at']).orderBy('id').execute();
    const projects = await db.selectFrom('projects').select(['id', 'name']).orderBy('id').execute();
    const roles = await db.selectFrom('project_members').select(['person_id', 'role']).execute();
    const invitations = await db.selectFrom('invitations').select('email').execute();
    const { data } = await manage('GET', '/v1/events');
    return { keys, secrets, apps, projects, roles, invitations, events: data.length };
  }

  return {
    ...{ url, api, clock, project, limiter, services, elsewhere },
    ...{ sendSlowly, sendWhileLocked, manage, readState },
  };
}
