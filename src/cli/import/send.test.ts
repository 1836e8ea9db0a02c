import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  limited,
  refusal,
  type Scripted,
  type Seen,
  startScriptedServer,
  stored,
} from '../../../test/client/scripted-server.ts';
import { sendEvents } from './send.ts';

const KEY = 'sk_af1_secret';
const make = (count: number) => Array.from({ length: count }, (_, index) => `{"event_id":"e${index}"}`);

/** Opens a server that answers by script, and a sender with a clock that moves only while it waits. */
async function open(script: (seen: Seen, n: number) => Scripted) {
  const world = await startScriptedServer(script);
  const { clock, fetch } = world;
  const notes: string[] = [];
  const stop = new AbortController();
  const environment = {
    notify: (sentence: string) => notes.push(sentence),
    signal: stop.signal,
    clock,
    fetch,
    random: () => 0,
  };
  const begin = (events = make(1), appId?: string) =>
    sendEvents({ url: world.url, key: KEY, appId }, events, { onProgress: () => undefined }, environment);
  const send = (...args: Parameters<typeof begin>) => world.run(begin(...args));
  return { world, notes, stop, begin, send };
}

test('waits for a rate limit, and reports waits of five seconds or more', async () => {
  for (const [seconds, reported] of [
    [4, []],
    [5, ["The key's rate limit is reached. Retrying in 5.0 s."]],
  ] as const) {
    const { send, notes, world } = await open(({ body }, n) => (n === 0 ? limited(seconds) : stored(body)));
    assert.equal((await send()).accepted, 1);
    assert.deepEqual(notes, reported);
    assert.equal(world.clock.monotonicMs(), seconds * 1_000);
  }
});

test('reports every wait for a failing server, with the reason', async () => {
  const { send, notes } = await open(
    ({ body }, n) =>
      (['hang_up', refusal(500, 'internal'), refusal(503, 'overloaded', { 'retry-after': '2' })] as const)[
        n
      ] ?? stored(body),
  );
  assert.equal((await send(make(2))).accepted, 2);
  assert.equal(notes.length, 3, notes.join('\n'));
  assert.match(notes[0] ?? '', /^No response \(.+\)\. Retrying in 0\.5 s\.$/);
  assert.equal(notes[1], 'The server answered 500: It is internal. Retrying in 0.5 s.');
  assert.match(notes[2] ?? '', /^The server answered 503: It is overloaded. Retrying in \d\.\d s\.$/);
});

for (const [name, answer, words] of [
  ['does not answer', 'hang_up', /^No response \(.*\), for five minutes now\. Run the same command again/],
  [
    'is overloaded',
    refusal(503, 'overloaded'),
    /^The server answered 503: It is overloaded, for five minutes now\./,
  ],
  ['fails', refusal(500, 'internal'), /^The server answered 500: It is internal, for five minutes now\./],
] as const) {
  test(`gives up on a server that ${name} after five minutes`, async () => {
    const { send, world } = await open(() => answer);
    await assert.rejects(send(), { message: words });
    const waitedMs = world.clock.monotonicMs();
    assert.ok(waitedMs > 4 * 60_000 && waitedMs <= 5 * 60_000, String(waitedMs));
  });
}

test('waits for a rate limit longer than five minutes, and restarts the five minutes of failures after it', async () => {
  const { send, world } = await open(({ body }, n) => {
    if (n === 20) return stored(body);
    return n % 4 === 3 ? limited(60) : 'hang_up';
  });
  assert.equal((await send()).accepted, 1);
  assert.ok(world.clock.monotonicMs() > 5 * 60_000, String(world.clock.monotonicMs()));
});

test('restarts the five minutes of failures after a stored batch', async () => {
  const { send, world } = await open(({ body }, n) => (n % 3 === 2 ? stored(body) : 'hang_up'));
  assert.equal((await send(make(12_000))).accepted, 12_000);
  assert.ok(world.clock.monotonicMs() > 5 * 60_000, String(world.clock.monotonicMs()));
});

test('waits up to an hour if asked to, and fails immediately if asked to wait longer', async () => {
  const patient = await open(({ body }, n) => (n === 0 ? limited(3_600) : stored(body)));
  assert.equal((await patient.send()).accepted, 1);
  for (const answer of [limited(3_601), refusal(503, 'overloaded', { 'retry-after': '3601' })]) {
    const { send, world } = await open(() => answer);
    await assert.rejects(send(), {
      message: 'The server asked to wait 61 minutes. Run the same command again after that.',
    });
    assert.equal(world.clock.monotonicMs(), 0);
  }
});

for (const status of [400, 401, 403, 404, 422]) {
  test(`stops at ${status} with the server's own words`, async () => {
    const { send, world } = await open(() => refusal(status, 'not_found'));
    await assert.rejects(send(), { message: `The server answered ${status}: It is not_found.` });
    assert.equal(world.seen.length, 1);
  });
}

test('does not follow a redirect with the key, nor take the answer of something else for ours', async () => {
  for (const [answer, words] of [
    [{ status: 302, headers: { location: '/elsewhere' } }, 'The server answered 302. Check --url.'],
    [{ status: 404, body: '<html>' }, 'The server answered 404. Check --url.'],
    [{ status: 200, body: '<html>' }, 'The response is not from an Appflow server. Check --url.'],
    [{ status: 200, body: { ok: true } }, 'The response is not from an Appflow server. Check --url.'],
    [{ status: 200, body: 'null' }, 'The response is not from an Appflow server. Check --url.'],
  ] as const) {
    const { send, world } = await open(() => answer);
    await assert.rejects(send(), { message: words });
    assert.equal(world.seen.length, 1);
  }
});

test('the key is in the header, and never prints it', async () => {
  const { send, world, notes } = await open(() => 'hang_up');
  const error = await send().catch((reason: unknown) => reason);
  assert.equal(world.seen[0]?.headers.authorization, `Bearer ${KEY}`);
  assert.doesNotMatch(`${error} ${notes}`, /sk_af1/);
});

test('sends the app id only if one is given', async () => {
  const { send, world } = await open(({ body }) => stored(body));
  await send();
  await send(make(1), 'app_"1');
  assert.deepEqual(
    world.seen.map(({ body }) => body.app_id),
    [undefined, 'app_"1'],
  );
});

test('sends no request if there are no events', async () => {
  const { send, world } = await open(() => refusal(400, 'not_found'));
  assert.equal((await send([])).events, 0);
  assert.equal(world.seen.length, 0);
});

test('stops immediately when aborted, during a request and during a wait, and leaves no timer', async () => {
  const onTheWay = await open(() => {
    onTheWay.stop.abort();
    return 'hang_up';
  });
  await assert.rejects(onTheWay.begin(), { name: 'AbortError' });
  assert.deepEqual([onTheWay.notes, onTheWay.world.clock.pending()], [[], 0]);
  const waiting = await open(() => limited(600));
  const work = waiting.begin();
  await waiting.world.settle();
  assert.equal(waiting.notes.length, 1);
  waiting.stop.abort();
  await assert.rejects(work, { name: 'AbortError' });
  assert.equal(waiting.world.clock.pending(), 0);
});
