import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { IDLE_MS_MAX } from '../../client/src/admin/event-stream.ts';
import { OPERATIONS, type Operation } from '../../client/src/admin/operations.ts';
import { SDK } from '../../client/src/http/transport.ts';
import { HEARTBEAT_MS } from '../../src/events/live-tail.ts';
import { ROUTES } from '../../src/routes.ts';
import { connectAdmin, PAGE } from './scripted-clients.ts';
import { startScriptedServer } from './scripted-server.ts';

const operations: [string, Operation][] = Object.entries(OPERATIONS);

const FIRST_ARGUMENTS: Record<string, unknown> = {
  'events.send': [],
  'events.export': 'csv',
  'auditLog.export': 'csv',
};

const firstArgument = (name: string, path: string) =>
  path.includes('{') ? 'id/1' : (FIRST_ARGUMENTS[name] ?? {});

describe('the admin client', () => {
  it('has an operation for every route under /v1 but those of other SDKs, and no others', () => {
    const served = ROUTES.filter(({ path, dialect }) => path.startsWith('/v1/') && !dialect);
    const routes = served.map(({ method, path, limit }) => `${method} ${path} ${limit}`);
    const known = operations.map(([, { method, path, category }]) => `${method} ${path} ${category}`);
    assert.deepEqual(known.sort(), routes.sort());
  });

  it('has exactly one method for every operation, which calls it', async () => {
    const world = await startScriptedServer(({ path }) => {
      if (path.includes('/export')) return { status: 200, body: 'id\r\nend: 0\r\n' };
      return path === '/v1/events/stream'
        ? { status: 200, body: 'id: 1\nevent: gap\ndata: {"missed":1}\n\n' }
        : PAGE;
    });
    const admin = connectAdmin(world);
    for (const [name, { method, path }] of operations) {
      const [group = '', verb = ''] = name.split('.');
      const methods = (
        admin as unknown as Record<string, Record<string, (...args: unknown[]) => Promise<unknown>>>
      )[group];
      assert.ok(methods?.[verb], `admin.${name} is missing`);
      const called = methods[verb](firstArgument(name, path), {});
      await (Symbol.asyncIterator in called ? (called as unknown as AsyncGenerator).next() : called);
      const seen = world.seen.at(-1);
      assert.deepEqual(
        [seen?.method, seen?.path.split('?')[0]],
        [method, path.replace(/\{\w+\}/, 'id%2F1')],
        name,
      );
      assert.equal(seen?.headers['idempotency-key'] !== undefined, method === 'POST', name);
    }
    assert.equal(world.seen.length, operations.length);
  });

  it('has only operations and their iterators', () => {
    const more = [
      'apps.all',
      'apiKeys.all',
      'auditLog.all',
      'events.all',
      'events.sendAll',
      'ingestion.allSamples',
      'users.all',
    ];
    const admin = connectAdmin({ url: 'http://a.example', clock: {}, fetch } as never);
    const methods = Object.entries(admin).flatMap(([group, verbs]) =>
      Object.keys(verbs).map((verb) => `${group}.${verb}`),
    );
    assert.deepEqual(methods.sort(), [...Object.keys(OPERATIONS), ...more].sort());
  });
});

it('a stream counts as dead after two and a half heartbeats of the server', () => {
  assert.equal(IDLE_MS_MAX, 2.5 * HEARTBEAT_MS);
});

it('the package sends its own version', () => {
  const { version } = JSON.parse(
    readFileSync(join(import.meta.dirname, '../../client/package.json'), 'utf8'),
  );
  assert.equal(SDK, `appflow-js/${version}`);
});
