import assert from 'node:assert/strict';
import { connect as connectSocket, type Socket } from 'node:net';
import { after, beforeEach, describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { defineRoute, exportAs } from '../src/http/route.ts';
import { closedObject } from '../src/lib/schema.ts';
import { StorageError } from '../src/lib/storage-error.ts';
import { createLimiter } from '../src/limits/limiter.ts';
import { watchServices } from '../src/metrics/sources.ts';
import { ROUTES } from '../src/routes.ts';
import { type Answer, connect, initProject, makeConfig } from './harness.ts';
import { makeManualTimers } from './manual-timers.ts';
import { startOpenServer } from './open-server.ts';

const KILLS = 1_000;

/** The queries that run now, in order: each runs until the test ends it, or its caller goes away. */
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
// The limiter's clock stands still: what is left tells exactly what was charged.
const limiter = createLimiter({
  overrides: { ...config.limitOverrides, analytics: { rate: 1, burst: 100_000 } },
  nowUs: () => 1,
  inFlightTime: time,
});
const { url, services, stop } = await startOpenServer(config, undefined, () => ({ limiter }), routes);
after(stop);
watchServices(services);
const api = connect(url);
const { hostname, port } = new URL(url);

const ask = (key = server_key, path = '/v1/slow') => api.call('GET', path, { key });
const askTimes = (count: number, key = server_key) => Array.from({ length: count }, () => ask(key));
const leftOf = (answer: Answer) =>
  Number(/"analytics";r=(\d+)/.exec(answer.headers.get('ratelimit') ?? '')?.[1]);

/** Gives way until something is so: the test's time limit is the only clock. */
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

/** Ends everything, what was still waiting too. */
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

/** Sends a request and leaves the rest to the test. */
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

describe('queries of one key at once', () => {
  it('5 run, 10 wait, and the 16th is told to come back; it costs nothing', async () => {
    const answers = askTimes(15);
    await inFlight(5, 10);
    const denied = await ask();
    assert.equal(denied.status, 429);
    assert.deepEqual(
      [denied.body.code, denied.body.policy, denied.body.category, denied.body.retry_after_ms],
      ['rate_limited', 'analytics-in-flight', 'analytics', 2_000],
    );
    assert.equal(denied.headers.get('retry-after'), '2');
    assert.equal(denied.headers.get('cache-control'), 'no-store');
    const left = leftOf(denied);
    assert.deepEqual(await endAll(answers), Array(15).fill(200));
    const next = ask();
    await inFlight(1, 0);
    endOne();
    assert.equal(leftOf(await next), left - 10 - 1, 'the ten that waited, and this one');
  });

  it('the 6th gets its answer as soon as one of the others has', async () => {
    const answers = askTimes(6);
    await inFlight(5, 1);
    endOne();
    await inFlight(5, 0);
    assert.deepEqual(await endAll(answers), Array(6).fill(200));
  });

  it('who got no slot within 2 s is answered 429, and not before', async () => {
    const answers = askTimes(5);
    await inFlight(5, 0);
    const waiter = ask();
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

  it('hold up neither another key, nor events, nor management', async () => {
    const other = await makeKey({});
    const answers = askTimes(15);
    await inFlight(5, 10);
    answers.push(ask(other.key));
    await until(() => limiter.countInFlight().running === 6);
    assert.equal((await api.call('GET', '/v1/project', { key: server_key })).status, 200);
    const event = { event_id: 'e', event_name: 'opened', app_user_id: 'u' };
    const body = { app_id, events: [event] };
    assert.equal((await api.call('POST', '/v1/events', { key: client_key, body })).status, 200);
    await endAll(answers);
  });

  it('a refused request takes no slot', async () => {
    const answers = askTimes(5);
    await inFlight(5, 0);
    assert.equal((await ask(server_key, '/v1/slow?x=1')).status, 422);
    assert.equal((await ask(client_key)).status, 403);
    assert.deepEqual(limiter.countInFlight(), { running: 5, waiting: 0 });
    await endAll(answers);
  });
});

describe('a slot comes free', () => {
  it('when the query fails, and when it takes too long', async () => {
    for (const [error, status] of [
      [new Error('broken'), 500],
      [new StorageError('timeout', 'too long'), 503],
    ] as const) {
      const answers = askTimes(2);
      await inFlight(2, 0);
      for (const query of running.splice(0)) query.reject(error);
      assert.deepEqual(
        (await Promise.all(answers)).map((answer) => answer.status),
        [status, status],
      );
      assert.deepEqual(limiter.countInFlight(), { running: 0, waiting: 0 });
    }
  });

  it('when another limit denies the request that had waited for it', async () => {
    const { key } = await makeKey({ rate_limits: { analytics: { requests: { rate: 0.001, burst: 6 } } } });
    const answers = askTimes(7, key);
    await inFlight(5, 2);
    const statuses = await endAll(answers);
    assert.deepEqual(statuses.sort(), [...Array(6).fill(200), 429]);
  });

  it('when an export has ended, and no sooner', async () => {
    const answer = fetch(`${url}/v1/slow-export`, { headers: { authorization: `Bearer ${server_key}` } });
    await until(() => running.length === 1);
    assert.deepEqual(limiter.countInFlight(), { running: 1, waiting: 0 });
    endOne();
    assert.equal(await (await answer).text(), '{}\n{}\n');
    await inFlight(0, 0);
  });

  it('when the reader of an export goes away, at whatever moment', async () => {
    for (let round = 0; round < 20; round += 1) {
      const socket = openQuery('/v1/slow-export');
      // Before the answer begins, in the middle of it, or somewhere between.
      await until(() =>
        round % 2 === 0 ? running.length > round / 2 : limiter.countInFlight().running === 1,
      );
      socket.destroy();
      await until(() => limiter.countInFlight().running === 0);
    }
  });

  it(`when the socket of a caller is killed, running or waiting, ${KILLS} times`, async () => {
    let kills = 0;
    for (let round = 0; kills < KILLS; round += 1) {
      running = [];
      const sockets = Array.from({ length: 15 }, () => openQuery());
      await inFlight(5, 10);
      // The first to come go first, or the last: slots are handed to callers that are gone already, or queues emptied.
      for (const socket of round % 2 === 0 ? sockets : sockets.reverse()) socket.destroy();
      await until(() => limiter.countInFlight().running === 0);
      assert.equal(limiter.countInFlight().waiting, 0);
      kills += sockets.length;
    }
    assert.equal(countTimers(), 0);
    running = [];
    assert.deepEqual(await endAll(askTimes(5)), Array(5).fill(200));
  });
});

describe('how many', () => {
  const patchKey = (id: string, rate_limits: unknown) =>
    api.call('PATCH', `/v1/api-keys/${id}`, { key: server_key, body: { rate_limits } });

  it('is the key’s own number, and another from the very next call on', async () => {
    const { id, key } = await makeKey({ rate_limits: { analytics: { in_flight: 2 } } });
    const answers = askTimes(3, key);
    await inFlight(2, 1);
    assert.equal((await patchKey(id, { analytics: { in_flight: 4 } })).status, 200);
    answers.push(ask(key));
    await inFlight(4, 0);
    assert.equal((await patchKey(id, { analytics: { in_flight: 1 } })).status, 200);
    answers.push(ask(key));
    await inFlight(4, 1);
    for (let ended = 0; ended < 3; ended += 1) endOne();
    await until(() => limiter.countInFlight().running === 1);
    assert.equal(limiter.countInFlight().waiting, 1);
    assert.deepEqual(await endAll(answers), Array(5).fill(200));
  });

  it('is the project’s number for keys that have none', async () => {
    const { key } = await makeKey({});
    const patch = async (rate_limits: unknown) => {
      const options = { key: server_key, body: { rate_limits } };
      assert.equal((await api.call('PATCH', '/v1/project', options)).status, 200);
    };
    await patch({ analytics: { in_flight: 1 } });
    const answers = askTimes(2, key);
    await inFlight(1, 1);
    await patch(null);
    answers.push(ask(key));
    await inFlight(3, 0);
    assert.deepEqual(await endAll(answers), Array(3).fill(200));
  });
});

it('metrics show what runs, what waits and what was denied', async () => {
  const answers = askTimes(7);
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
