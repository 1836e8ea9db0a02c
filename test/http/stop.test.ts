import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect as connectSocket } from 'node:net';
import { availableParallelism, loadavg } from 'node:os';
import { it } from 'node:test';
import { adoptChild } from '../support/adopt-child.ts';
import { type ChildServer, startChildServer } from '../support/child-server.ts';
import { initProject, makeConfig, makeTempDir } from '../support/harness.ts';
import { parseAnswer } from '../support/raw-http.ts';

const STOP_MS_MAX = 10_000;
const READY_MS_MAX = 2_000;
/** How long `node` without a program takes on two cores with nothing else to do. */
const NODE_START_MS = 40;

/** Returns how long `node` without a program takes now, in milliseconds: the median of 9. */
function measureNodeStart(): number {
  const times = Array.from({ length: 9 }, () => {
    const startedAt = performance.now();
    execFileSync(process.execPath, ['-e', '0']);
    return performance.now() - startedAt;
  });
  return times.sort((a, b) => a - b)[4] ?? 0;
}

async function makeFolder() {
  const dataDir = makeTempDir();
  const project = await initProject(makeConfig({ APPFLOW_DATA_DIR: dataDir }));
  return { project, start: () => startChildServer({ APPFLOW_DATA_DIR: dataDir }) };
}

/** Returns the number of copies stored of each event id. */
async function countStored(server: ChildServer, key: string): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  for (let cursor = ''; ; ) {
    const { body } = await server.call('GET', `/v1/events?limit=200${cursor}`, { key });
    for (const { event_id } of body.data) counts.set(event_id, (counts.get(event_id) ?? 0) + 1);
    if (body.next_cursor === null) return counts;
    cursor = `&cursor=${body.next_cursor}`;
  }
}

it('stops within 10 s under load, and stores every acknowledged event exactly once', async (t) => {
  const { project, start } = await makeFolder();
  const server = await start();
  const acknowledged: string[] = [];
  const unexpected: string[] = [];
  let isRunning = true;
  const send = async (sender: number) => {
    for (let batch = 0; isRunning; batch += 1) {
      const ids = Array.from({ length: 20 }, (_, index) => `s${sender}-b${batch}-${index}`);
      const events = ids.map((event_id) => ({ event_id, event_name: 'opened', app_user_id: `u${sender}` }));
      const answer = await server
        .call('POST', '/v1/events', { key: project.client_key, body: { events } })
        .catch(() => undefined);
      if (answer === undefined) return;
      if (answer.status === 200) acknowledged.push(...ids);
      else unexpected.push(`${answer.status} ${answer.text}`);
    }
  };
  const load = Array.from({ length: 16 }, (_, sender) => send(sender));
  await new Promise((resolve) => setTimeout(resolve, 700));
  const { code, ms } = await server.stop();
  isRunning = false;
  await Promise.all(load);
  t.diagnostic(`stopped in ${ms.toFixed(0)} ms with ${acknowledged.length} events acknowledged`);
  assert.equal(code, 0, server.output());
  assert.ok(ms < STOP_MS_MAX);
  assert.ok(acknowledged.length > 100);
  assert.deepEqual(unexpected, [], 'what is accepted while stopping is answered like any request');
  const again = await start();
  const stored = await countStored(again, project.server_key);
  for (const id of acknowledged) assert.equal(stored.get(id), 1, id);
  assert.ok([...stored.values()].every((count) => count === 1));
  assert.equal((await again.stop()).code, 0);
});

it('stops within 10 s while clients hold connections open, idle or in the middle of a request', async (t) => {
  const { project, start } = await makeFolder();
  const server = await start();
  const { port, hostname } = new URL(server.url);
  const hold = (text: string) => {
    const socket = connectSocket({ port: Number(port), host: hostname }, () => socket.write(text));
    socket.on('error', () => undefined);
    return socket;
  };
  const head = `POST /v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${project.client_key}\r\n`;
  const sockets = [
    hold(''),
    hold('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n'),
    hold('GET /healthz HTTP/1.1\r\nHo'),
    hold(`${head}Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"eve`),
  ];
  await new Promise((resolve) => setTimeout(resolve, 200));
  const { code, ms } = await server.stop();
  t.diagnostic(`stopped in ${ms.toFixed(0)} ms`);
  assert.equal(code, 0, server.output());
  assert.ok(ms < STOP_MS_MAX);
  for (const socket of sockets) socket.destroy();
});

it('answers requests that are half sent when it stops, then closes their connections', async () => {
  const { project, start } = await makeFolder();
  const server = await start();
  const { port, hostname } = new URL(server.url);
  const body = JSON.stringify({ events: [{ event_id: 'late', event_name: 'opened', app_user_id: 'u1' }] });
  const head = `POST /v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${project.client_key}\r\n`;
  const whole = `${head}Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  const cuts = [whole.indexOf('Authorization'), whole.length - 5];
  const pending = cuts.map((cut) => {
    const answer: Buffer[] = [];
    const socket = connectSocket({ port: Number(port), host: hostname }, () =>
      socket.write(whole.slice(0, cut)),
    );
    socket.on('data', (chunk) => answer.push(chunk));
    const closed = new Promise<string>((resolve) =>
      socket.on('close', () => resolve(String(Buffer.concat(answer)))),
    );
    return { finish: () => socket.write(whole.slice(cut)), closed };
  });
  await new Promise((resolve) => setTimeout(resolve, 200));
  const stopping = server.stop();
  await new Promise((resolve) => setTimeout(resolve, 200));
  for (const { finish } of pending) finish();
  for (const { closed } of pending) {
    const answer = parseAnswer(await closed);
    assert.equal(answer.status, 200, answer.text);
    assert.equal(answer.headers.get('connection'), 'close');
  }
  const { code, ms } = await stopping;
  assert.equal(code, 0);
  assert.ok(ms < 3_000, `no connection had to be cut off, yet it took ${ms} ms`);
});

it('is ready within 2 s of the start of node (median of 5)', async (t) => {
  const { start } = await makeFolder();
  const times: number[] = [];
  for (let round = 0; round < 5; round += 1) {
    const server = await start();
    times.push(server.readyMs);
    assert.equal((await server.call('GET', '/readyz')).body.status, 'ok');
    await server.stop();
  }
  const median = times.toSorted((a, b) => a - b)[2] ?? Number.POSITIVE_INFINITY;
  t.diagnostic(`ready after ${times.map((ms) => ms.toFixed(0)).join(', ')} ms, median ${median.toFixed(0)}`);
  // Other processes that share the machine make it slower, in bursts or all the time.
  const load = (loadavg()[0] ?? 0) / availableParallelism();
  const readyMsMax = READY_MS_MAX * Math.max(1, load, measureNodeStart() / NODE_START_MS);
  assert.ok(median < readyMsMax, `${median} ms of ${readyMsMax}`);
});

/** Starts queries that take minutes, aborts some, closes the event store and exits, as a server does when it stops. */
const SLOW_QUERY_SCRIPT = `
import { openWarehouse } from ${JSON.stringify(new URL('../../src/warehouse/open.ts', import.meta.url).href)};
import { systemClock } from ${JSON.stringify(new URL('../../src/lib/clock.ts', import.meta.url).href)};
import { openLog } from ${JSON.stringify(new URL('../../src/lib/log.ts', import.meta.url).href)};
const warehouse = await openWarehouse({ path: process.argv[1], log: openLog('silent'), clock: systemClock() });
const sql = 'SELECT count() AS c FROM numbers(1000000000000) WHERE sipHash64(number) = 1';
const caller = new AbortController();
// More queries than readers: some run and some wait. Half of them are aborted.
for (let index = 0; index < 8; index += 1)
  warehouse.query(sql, {}, index % 2 ? { signal: caller.signal } : {}).catch(() => undefined);
await new Promise((resolve) => setTimeout(resolve, 300));
caller.abort();
process.stdout.write('closing');
await warehouse.close();
process.exit(0);
`;

it('exits immediately while aborted queries are running, instead of at their time limit', async (t) => {
  const args = ['--input-type=module', '-e', SLOW_QUERY_SCRIPT, makeTempDir()];
  const child = spawn(process.execPath, args, {
    // As in the npm scripts: each reader and the writer need a thread.
    env: { PATH: process.env.PATH, UV_THREADPOOL_SIZE: '8' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  adoptChild(child);
  const exited = once(child, 'exit');
  await once(child.stdout, 'data');
  const from = performance.now();
  assert.deepEqual(await exited, [0, null]);
  const ms = performance.now() - from;
  t.diagnostic(`ended in ${ms.toFixed(0)} ms`);
  assert.ok(ms < 3_000, `${ms} ms`);
});
