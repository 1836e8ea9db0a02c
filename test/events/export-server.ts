import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectSocket } from 'node:net';
import { setInterval as ticks } from 'node:timers/promises';
import { defineRoute, type Route } from '../../src/api/route.ts';
import { exportAs } from '../../src/api/streamed.ts';
import { createServer } from '../../src/http/server.ts';
import { MINUTE_MS } from '../../src/lib/durations.ts';
import { closedObject } from '../../src/lib/schema.ts';
import { createLimiter } from '../../src/limits/limiter.ts';
import { openRollups } from '../../src/rollups/rollups.ts';
import { ROUTES } from '../../src/routes.ts';
import { openControlServices } from '../../src/server/open-services.ts';
import { openWarehouse } from '../../src/warehouse/open.ts';
import { cleanUp } from '../support/clean-up.ts';
import { connect, initProject, makeClock, makeConfig } from '../support/harness.ts';

/** Streams until the server ends it. */
export const endlessRoute = (
  path: string,
  chunks: () => AsyncIterable<string>,
  appIds: readonly string[] | null = null,
) =>
  defineRoute({
    method: 'GET',
    path,
    summary: 'Answers for ever',
    access: 'analytics:read',
    limit: 'analytics',
    answer: { status: 200, schema: closedObject({}) },
    handle: () => exportAs('application/x-ndjson', chunks(), appIds),
  });

/** Yields a line every 10 ms. */
export async function* tick(): AsyncGenerator<string> {
  for await (const _ of ticks(10)) yield '{}\n';
}

export type CreatedKey = { id: string; key: string };

/** Starts a server with these routes besides its own. `elsewhere` is another process's view of the same folder. */
export async function startExportServer(routes: readonly Route<unknown>[]) {
  const clock = makeClock();
  const config = makeConfig();
  const { server_key, app_id } = await initProject(config);
  const services = await openControlServices(config, clock);
  const elsewhere = await openControlServices(config, clock);
  const warehouse = await openWarehouse({ path: services.eventsDir, log: services.log, clock });
  const rollups = openRollups({ ...services, warehouse });
  const limiter = createLimiter({ overrides: config.limitOverrides });
  const server = createServer({ ...services, warehouse, rollups, limiter }, [...ROUTES, ...routes]);
  const api = connect(await server.listen({ port: 0, host: '127.0.0.1' }));
  cleanUp(async () => {
    await server.close();
    await rollups.close();
    await warehouse.close();
    await elsewhere.close();
    await services.close();
  });

  async function manage(method: string, path: string, body?: unknown) {
    const answer = await api.call(method, path, { key: server_key, ...(body === undefined ? {} : { body }) });
    assert.ok(answer.status < 300, answer.text);
    return answer.body;
  }

  function makeReader(): Promise<CreatedKey> {
    const expires_at = new Date(clock.now() + MINUTE_MS).toISOString();
    return manage('POST', '/v1/api-keys', { name: 'Reader', type: 'read_only', expires_at });
  }

  /** Reads the start of an export. `ended` resolves when the connection closes, with its error code. */
  async function read(path: string, secret: string) {
    const { port, hostname } = new URL(api.url);
    const socket = connectSocket(Number(port), hostname);
    const ended = new Promise<{ at: number; code: string | undefined }>((resolve) => {
      let code: string | undefined;
      socket.on('error', (error: NodeJS.ErrnoException) => {
        code = error.code;
      });
      socket.on('close', () => resolve({ at: performance.now(), code }));
    });
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.write(`GET ${path} HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer ${secret}\r\n\r\n`);
    const [head] = await once(socket, 'data');
    assert.match(String(head), /^HTTP\/1\.1 200 /);
    return { socket, ended, text: () => text };
  }

  return { api, app_id, clock, elsewhere, makeReader, manage, read, server_key };
}
