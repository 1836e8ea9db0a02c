import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { after, test } from 'node:test';
import { type Outside, sendEvents } from './send.ts';

type Sent = { app_id?: string; events: { event_id: string }[] };
type Answer = { status: number; headers?: Record<string, string>; body?: unknown } | 'hang_up';

const START = Date.parse('2026-11-22T10:00:00Z');

/** A server that answers as told, over a real socket; `outside` has a clock that only sleeping moves. */
async function startScript(answer: (sent: Sent, count: number) => Answer) {
  const requests: Sent[] = [];
  const respond = async (request: IncomingMessage, response: ServerResponse) => {
    const sent = JSON.parse(await text(request)) as Sent;
    requests.push(sent);
    const told = answer(sent, requests.length);
    if (told === 'hang_up') request.socket.destroy();
    else response.writeHead(told.status, told.headers).end(JSON.stringify(told.body ?? {}));
  };
  const server = createServer((request, response) => void respond(request, response)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  after(() => server.close());
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  const waits: number[] = [];
  const notes: string[] = [];
  let now = START;
  const outside: Outside = {
    fetch,
    now: () => now,
    sleep: (ms) => {
      waits.push(ms);
      now += ms;
      return Promise.resolve();
    },
    random: () => 0,
    notify: (sentence) => notes.push(sentence),
    signal: new AbortController().signal,
  };
  return { requests, waits, notes, outside, target: { url, key: 'sk_x', appId: undefined } };
}

const ok = (events: unknown[]): Answer => ({
  status: 200,
  body: { accepted: events.length, duplicates: 0, rejected: [], warnings: [] },
});
const problem = (status: number, headers: Record<string, string> = {}): Answer => ({
  status,
  headers,
  body: { code: 'some_code', detail: 'What to do.' },
});
const items = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ line: 10 + index, json: `{"event_id":"e${index}"}` }));

test('waits as long as a 429 asks, longer at each one in a row, and sends the same events again', async () => {
  const script = await startScript((sent, count) =>
    count <= 3 ? problem(429, { 'retry-after': '2' }) : ok(sent.events),
  );
  const delivery = await sendEvents(script.target, items(3), script.outside);
  assert.deepEqual(delivery, { accepted: 3, duplicates: 0, rejected: [] });
  assert.deepEqual(script.waits, [2_000, 4_000, 8_000]);
  assert.equal(script.requests.length, 4);
  for (const request of script.requests) assert.deepEqual(request, script.requests[0]);
});

test('begins with the plain Retry-After again after a success', async () => {
  const script = await startScript((sent, count) =>
    count % 2 === 1 ? problem(429, { 'retry-after': '1' }) : ok(sent.events),
  );
  for (let round = 0; round < 3; round++) await sendEvents(script.target, items(1), script.outside);
  assert.deepEqual(script.waits, [1_000, 1_000, 1_000]);
});

test('waits at a 503 as at a 429', async () => {
  const script = await startScript((sent, count) =>
    count <= 2 ? problem(503, { 'retry-after': '5' }) : ok(sent.events),
  );
  await sendEvents(script.target, items(1), script.outside);
  assert.deepEqual(script.waits, [5_000, 10_000]);
  assert.match(script.notes[0] ?? '', /answered 503: What to do; trying again in 5\.0 s\./);
});

test('sends the same events again after a lost connection and after a 500', async () => {
  const script = await startScript(
    (sent, count) => (['hang_up', problem(500)] as const)[count - 1] ?? ok(sent.events),
  );
  const delivery = await sendEvents(script.target, items(2), script.outside);
  assert.equal(delivery.accepted, 2);
  assert.deepEqual(script.waits, [500, 1_000]);
  for (const request of script.requests) assert.deepEqual(request, script.requests[0]);
});

test('gives up a server that has not answered for five minutes', async () => {
  const script = await startScript(() => 'hang_up');
  await assert.rejects(sendEvents(script.target, items(1), script.outside), /does not answer .*five minutes/);
  const waited = script.waits.reduce((sum, ms) => sum + ms, 0);
  assert.ok(waited > 4 * 60_000 && waited <= 5 * 60_000, String(waited));
});

test('does not give up while the server only limits, but tells when it asks for over an hour', async () => {
  const patient = await startScript((sent, count) =>
    count <= 20 ? problem(429, { 'retry-after': '60' }) : ok(sent.events),
  );
  assert.equal((await sendEvents(patient.target, items(1), patient.outside)).accepted, 1);
  const closed = await startScript(() => problem(429, { 'retry-after': '7200' }));
  await assert.rejects(sendEvents(closed.target, items(1), closed.outside), /wait 120 minutes/);
  assert.deepEqual(closed.waits, []);
});

for (const status of [400, 401, 403, 404, 422]) {
  test(`stops at ${status} with the server's own words`, async () => {
    const script = await startScript(() => problem(status));
    const expected = { message: `The server answered ${status}: What to do.` };
    await assert.rejects(sendEvents(script.target, items(1), script.outside), expected);
    assert.equal(script.requests.length, 1);
  });
}

test('halves a batch at 413 without waiting, and rejects the one event that is too large by itself', async () => {
  const script = await startScript(({ events }) =>
    events.length > 2 || events.some(({ event_id }) => event_id === 'e4') ? problem(413) : ok(events),
  );
  const delivery = await sendEvents(script.target, items(7), script.outside);
  assert.equal(delivery.accepted, 6);
  assert.deepEqual(
    delivery.rejected.map(({ line, code }) => [line, code]),
    [[14, 'payload_too_large']],
  );
  assert.deepEqual(script.waits, []);
});

test('tells rejected events by their line, also out of the halves of a batch', async () => {
  const script = await startScript(({ events }) => {
    if (events.length > 2) return problem(413);
    const rejected = [{ index: events.length - 1, code: 'invalid_event_name', message: 'Name it.' }];
    return { status: 200, body: { accepted: events.length - 1, duplicates: 0, rejected } };
  });
  const { rejected } = await sendEvents(script.target, items(4), script.outside);
  assert.deepEqual(
    rejected.map(({ line }) => line),
    [11, 13],
  );
});

test('names the app only when one is given', async () => {
  const script = await startScript(({ events }) => ok(events));
  await sendEvents(script.target, items(1), script.outside);
  await sendEvents({ ...script.target, appId: 'app_"1' }, items(1), script.outside);
  assert.deepEqual(
    script.requests.map((request) => request.app_id),
    [undefined, 'app_"1'],
  );
});

test('does not follow a redirect with the key, nor take another page for an answer', async () => {
  const moved = await startScript(() => ({ status: 302, headers: { location: '/elsewhere' } }));
  await assert.rejects(sendEvents(moved.target, items(1), moved.outside), /answered 302: check --url/);
  const page = await startScript(() => ({ status: 200, body: '<html>' }));
  await assert.rejects(sendEvents(page.target, items(1), page.outside), /not that of an Appflow server/);
});

test('asks nothing of the server for no events', async () => {
  const script = await startScript(() => problem(400));
  await sendEvents(script.target, [], script.outside);
  assert.equal(script.requests.length, 0);
});

test('ends at once when the person stops it', async () => {
  const controller = new AbortController();
  const script = await startScript(() => {
    controller.abort();
    return 'hang_up';
  });
  const outside = { ...script.outside, signal: controller.signal };
  await assert.rejects(sendEvents(script.target, items(1), outside), { name: 'AbortError' });
  assert.deepEqual(script.waits, []);
});
