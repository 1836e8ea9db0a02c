import assert from 'node:assert/strict';
import { connect as connectSocket, type Socket } from 'node:net';
import { beforeEach, describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { defineRoute } from '../../src/api/route.ts';
import { exportAs } from '../../src/api/streamed.ts';
import { watchServices } from '../../src/http/metrics/sources.ts';
import { StorageError } from '../../src/lib/errors.ts';
import { closedObject } from '../../src/lib/schema.ts';
import { createLimiter } from '../../src/limits/limiter.ts';
import { ROUTES } from '../../src/routes.ts';
import { type Answer, connect, initProject, makeConfig, stopBeforeRemoval } from '../support/harness.ts';
import { makeManualTimers } from '../support/manual-timers.ts';
import { startOpenServer } from '../support/open-server.ts';

const KILLS = 1_000;

/** The running queries, in order: each runs until the test finishes it or its caller disconnects. */
let running: PromiseWithResolvers<object>[] = [];

function runQuery(signal: AbortSignal): Promise<object> {
  const query = Promise.withResolvers<object>();
  running.push(query);
  signal.addEventListener('abort', () => query.reject(signal.reason));
  if (signal.aborted) query.reject(signal.reason);
  return query.promise;
}

async function* streamQuery(signal: AbortSignal): AsyncGenerator<string> {
  yield '{}\n';
  await runQuery(signal);
  yield '{}\n';
}

const slow = {
  method: 'GET',
  summary: 'Takes as long as a test wants',
  access: 'analytics:read',
  limit: 'analytics',
  answer: { status: 200, schema: closedObject({}) },
} as const;

const routes = [
  ...ROUTES,
  defineRoute({ ...slow, path: '/v1/slow', handle: (_, { signal }) => runQuery(signal) }),
  defineRoute({
    ...slow,
    path: '/v1/slow-export',
    handle: (_, { signal }) => exportAs('application/x-ndjson', streamQuery(signal), null),
  }),
];

const { time, advance, countTimers } = makeManualTimers();
const config = makeConfig({ APPFLOW_LIMIT_ANALYTICS_IN_FLIGHT: '' });
const { server_key, client_key, app_id } = await initProject(config);
// The limiter's clock does not move, so what is left shows exactly what was charged.
const limiter = createLimiter({
  overrides: { ...config.limitOverrides, analytics: { rate: 1, burst: 100_000 } },
  nowUs: () => 1,
  inFlightTime: time,
});
const { url, services, stop } = await startOpenServer(config, undefined, () => ({ limiter }), routes);
stopBeforeRemoval(config.dataDir, stop);
watchServices(services);
const api = connect(url);
const { hostname, port } = new URL(url);

const query = (key = server_key, path = '/v1/slow') => api.call('GET', path, { key });
const queryTimes = (count: number, key = server_key) => Array.from({ length: count }, () => query(key));
const leftOf = (answer: Answer) =>
  Number(/"analytics";r=(\d+)/.exec(answer.headers.get('ratelimit') ?? '')?.[1]);

/** Yields until a condition is true. The test's time limit is the only timeout. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await turn();
}

const inFlight = (expectedRunning: number, waiting: number) =>
  until(() => {
    const count = limiter.countInFlight();
    return (
      count.running === expectedRunning && count.waiting === waiting && running.length >= expectedRunning
    );
  });

const endOne = () => running.shift()?.resolve({});

/** Finishes all queries, including those still waiting. */
async function endAll(answers: Promise<Answer>[]): Promise<number[]> {
  let left = answers.length;
  for (const answer of answers) void answer.finally(() => (left -= 1));
  await until(() => {
    endOne();
    return left === 0;
  });
  return (await Promise.all(answers)).map(({ status }) => status);
}

async function makeKey(fields: object): Promise<{ id: string; key: string }> {
  const body = { name: 'Test', type: 'server', ...fields };
  const made = await api.call('POST', '/v1/api-keys', { key: server_key, body });
  assert.equal(made.status, 201, made.text);
  return made.body;
}

/** Sends a request and leaves the response to the test. */
function openQuery(path = '/v1/slow', key = server_key): Socket {
  const socket = connectSocket({ host: hostname, port: Number(port) }, () => {
    socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${key}\r\n\r\n`);
  });
  socket.on('error', () => undefined);
  return socket;
}

beforeEach(() => {
  assert.deepEqual(limiter.countInFlight(), { running: 0, waiting: 0 }, 'nothing is left of the test before');
  running = [];
});

describe('concurrent queries of one key', () => {
  it('5 run, 10 wait, and the 16th gets a Retry-After and costs nothing', async () => {
    const answers = queryTimes(15);
    await inFlight(5, 10);
    const denied = await query();
    assert.equal(denied.status, 429);
    assert.deepEqual(
      [denied.body.code, denied.body.policy, denied.body.category, denied.body.retry_after_ms],
      ['rate_limited', 'analytics-in-flight', 'analytics', 2_000],
    );
    assert.equal(denied.headers.get('retry-after'), '2');
    assert.equal(denied.headers.get('cache-control'), 'no-store');
    const left = leftOf(denied);
    assert.deepEqual(await endAll(answers), Array(15).fill(200));
    const next = query();
    await inFlight(1, 0);
    endOne();
    assert.equal(leftOf(await next), left - 10 - 1, 'the ten that waited, and this one');
  });

  it('the 6th is answered as soon as one of the others is', async () => {
    const answers = queryTimes(6);
    await inFlight(5, 1);
    endOne();
    await inFlight(5, 0);
    assert.deepEqual(await endAll(answers), Array(6).fill(200));
  });

  it('a query without a slot gets 429 after 2 s, and not before', async () => {
    const answers = queryTimes(5);
    await inFlight(5, 0);
    const waiter = query();
    await inFlight(5, 1);
    advance(1_999);
    assert.equal(limiter.countInFlight().waiting, 1);
    advance(1);
    const denied = await waiter;
    assert.deepEqual([denied.status, denied.body.policy], [429, 'analytics-in-flight']);
    assert.match(denied.headers.get('retry-after') ?? '', /^[1-9]\d*$/);
    assert.ok(denied.body.retry_after_ms >= 1);
    assert.equal(countTimers(), 0);
    await endAll(answers);
  });

  it('delay neither another key, nor events, nor management', async () => {
    const other = await makeKey({});
    const answers = queryTimes(15);
    await inFlight(5, 10);
    answers.push(query(other.key));
    await until(() => limiter.countInFlight().running === 6);
    assert.equal((await api.call('GET', '/v1/project', { key: server_key })).status, 200);
    const event = { event_id: 'e', event_name: 'opened', app_user_id: 'u' };
    const body = { app_id, events: [event] };
    assert.equal((await api.call('POST', '/v1/events', { key: client_key, body })).status, 200);
    await endAll(answers);
  });

  it('a refused request takes no slot', async () => {
    const answers = queryTimes(5);
    await inFlight(5, 0);
    assert.equal((await query(server_key, '/v1/slow?x=1')).status, 422);
    assert.equal((await query(client_key)).status, 403);
    assert.deepEqual(limiter.countInFlight(), { running: 5, waiting: 0 });
    await endAll(answers);
  });
});

describe('a slot is released', () => {
  it('when the query fails, and when it times out', async () => {
    for (const [error, status] of [
      [new Error('broken'), 500],
      [new StorageError('timeout', 'too long'), 503],
    ] as const) {
      const answers = queryTimes(2);
      await inFlight(2, 0);
      for (const query of running.splice(0)) query.reject(error);
      assert.deepEqual(
        (await Promise.all(answers)).map((answer) => answer.status),
        [status, status],
      );
      assert.deepEqual(limiter.countInFlight(), { running: 0, waiting: 0 });
    }
  });

  it('when another limit denies the request that waited for it', async () => {
    const { key } = await makeKey({ rate_limits: { analytics: { requests: { rate: 0.001, burst: 6 } } } });
    const answers = queryTimes(7, key);
    await inFlight(5, 2);
    const statuses = await endAll(answers);
    assert.deepEqual(statuses.sort(), [...Array(6).fill(200), 429]);
  });

  it('when an export has ended, and not before', async () => {
    const answer = fetch(`${url}/v1/slow-export`, { headers: { authorization: `Bearer ${server_key}` } });
    await until(() => running.length === 1);
    assert.deepEqual(limiter.countInFlight(), { running: 1, waiting: 0 });
    endOne();
    assert.equal(await (await answer).text(), '{}\n{}\n');
    await inFlight(0, 0);
  });

  it('when the reader of an export disconnects, at any moment', async () => {
    for (let round = 0; round < 20; round += 1) {
      const socket = openQuery('/v1/slow-export');
      // Before the response begins, in the middle of it, or somewhere between.
      await until(() =>
        round % 2 === 0 ? running.length > round / 2 : limiter.countInFlight().running === 1,
      );
      socket.destroy();
      await until(() => limiter.countInFlight().running === 0);
    }
  });

  it(`when a caller's socket is destroyed, running or waiting, ${KILLS} times`, async () => {
    let kills = 0;
    for (let round = 0; kills < KILLS; round += 1) {
      running = [];
      const sockets = Array.from({ length: 15 }, () => openQuery());
      await inFlight(5, 10);
      // The first callers leave first, or the last ones do: slots are handed to callers that are already gone, or
      // queues are emptied.
      for (const socket of round % 2 === 0 ? sockets : sockets.reverse()) socket.destroy();
      await until(() => limiter.countInFlight().running === 0);
      assert.equal(limiter.countInFlight().waiting, 0);
      kills += sockets.length;
    }
    assert.equal(countTimers(), 0);
    running = [];
    assert.deepEqual(await endAll(queryTimes(5)), Array(5).fill(200));
  });
});

describe('the number of concurrent queries', () => {
  const patchKey = (id: string, rate_limits: unknown) =>
    api.call('PATCH', `/v1/api-keys/${id}`, { key: server_key, body: { rate_limits } });

  it('is the key’s own limit, and changes from the very next call on', async () => {
    const { id, key } = await makeKey({ rate_limits: { analytics: { in_flight: 2 } } });
    const answers = queryTimes(3, key);
    await inFlight(2, 1);
    assert.equal((await patchKey(id, { analytics: { in_flight: 4 } })).status, 200);
    answers.push(query(key));
    await inFlight(4, 0);
    assert.equal((await patchKey(id, { analytics: { in_flight: 1 } })).status, 200);
    answers.push(query(key));
    await inFlight(4, 1);
    for (let ended = 0; ended < 3; ended += 1) endOne();
    await until(() => limiter.countInFlight().running === 1);
    assert.equal(limiter.countInFlight().waiting, 1);
    assert.deepEqual(await endAll(answers), Array(5).fill(200));
  });

  it('is the project’s limit for keys without their own', async () => {
    const { key } = await makeKey({});
    const patch = async (rate_limits: unknown) => {
      const options = { key: server_key, body: { rate_limits } };
      assert.equal((await api.call('PATCH', '/v1/project', options)).status, 200);
    };
    await patch({ analytics: { in_flight: 1 } });
    const answers = queryTimes(2, key);
    await inFlight(1, 1);
    await patch(null);
    answers.push(query(key));
    await inFlight(3, 0);
    assert.deepEqual(await endAll(answers), Array(3).fill(200));
  });
});

it('metrics show running, waiting and denied queries', async () => {
  const answers = queryTimes(7);
  await inFlight(5, 2);
  const { text } = await api.call('GET', '/metrics');
  assert.match(text, /^appflow_queries_in_flight\{state="running"\} 5$/m);
  assert.match(text, /^appflow_queries_in_flight\{state="waiting"\} 2$/m);
  assert.match(
    text,
    /^appflow_ratelimit_decisions_total\{policy="analytics-in-flight",outcome="denied"\} 2$/m,
  );
  await endAll(answers);
});
