import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { connectAdmin, failureOf } from '../../../test/client/scripted-clients.ts';
import {
  makeManualClock,
  refusal,
  type Scripted,
  startScriptedServer,
  type World,
} from '../../../test/client/scripted-server.ts';
import type { Fetch } from '../http/transport.ts';
import { IDLE_MS_MAX, type StreamMessage } from './event-stream.ts';

const stream = (...blocks: string[]): Scripted => ({
  status: 200,
  body: blocks.map((block) => `${block}\n\n`).join(''),
});
const event = (id: string) => `id: ${id}\nevent: event\ndata: {"event_id":"e${id}"}`;

it('reconnects after the last message when the connection ends, and throws when the server closes the stream', async () => {
  const answers = [
    stream('retry: 250\nid: 0', ': heartbeat', event('1'), event('2')),
    refusal(503, 'overloaded', { 'retry-after': '1' }),
    stream('id: 4\nevent: gap\ndata: {"missed":3}', 'event: closed\ndata: {"code":"overloaded"}'),
    stream(event('5'), 'event: closed\ndata: {"code":"api_key_revoked"}'),
  ];
  const world = await startScriptedServer((_seen, n) => answers[n] ?? refusal(404, 'not_found'));
  const messages: string[] = [];
  const read = async () => {
    for await (const message of connectAdmin(world).events.stream({ event_name: ['a', 'b'] }))
      messages.push(format(message));
  };
  const error = await failureOf(world.run(read()));
  assert.equal(error.code, 'api_key_revoked');
  assert.deepEqual(messages, ['1: e1', '2: e2', '4: 3 missed', '5: e5']);
  assert.deepEqual(
    world.seen.map(({ headers }) => headers['last-event-id']),
    [undefined, '2', '2', '4'],
  );
  assert.deepEqual(
    world.seen.map(({ atMs }) => atMs),
    [0, 250, 1_250, 1_500],
  );
  assert.equal(world.seen[0]?.path, '/v1/events/stream?event_name=a&event_name=b');
});

const format = (message: StreamMessage) =>
  'event' in message ? `${message.id}: ${message.event.event_id}` : `${message.id}: ${message.missed} missed`;

it('starts after lastEventId and stops when the signal aborts', async () => {
  const world = await startScriptedServer(() => stream(event('9')));
  const stop = new AbortController();
  const messages = connectAdmin(world).events.stream({}, { lastEventId: '8', signal: stop.signal });
  assert.equal((await messages.next()).done, false);
  const next = messages.next();
  await world.settle();
  stop.abort(new Error('Enough.'));
  await assert.rejects(next, /Enough/);
  assert.equal(world.seen[0]?.headers['last-event-id'], '8');
});

describe('an idle connection', () => {
  /** A server with connections that stay open and send only what the test enqueues; the scripted server ends each response. */
  function startIdleServer() {
    const clock = makeManualClock();
    const sends: ((text: string) => void)[] = [];
    const lastIds: (string | undefined)[] = [];
    const fetch: Fetch = async (_url, { headers }) => {
      lastIds.push((headers as Record<string, string>)['last-event-id']);
      return new Response(
        new ReadableStream({
          start(stream) {
            sends.push((text) => stream.enqueue(new TextEncoder().encode(`${text}\n\n`)));
          },
        }),
      );
    };
    const admin = connectAdmin({ url: 'http://server.example', clock, fetch } as World);
    return { clock, sends, lastIds, messages: admin.events.stream() };
  }
  const settle = () => new Promise((resolve) => setTimeout(resolve, 5));

  it('is closed after two and a half heartbeats, and the stream reconnects after its last message', async () => {
    const { clock, sends, lastIds, messages } = startIdleServer();
    const first = messages.next();
    await settle();
    sends[0]?.(event('7'));
    assert.equal((await first).value?.id, '7');
    const second = messages.next();
    await settle();
    clock.advance(30_000);
    sends[0]?.(': heartbeat');
    await settle();
    clock.advance(IDLE_MS_MAX - 1);
    await settle();
    assert.deepEqual(lastIds, [undefined]);
    clock.advance(1);
    await settle();
    clock.advance(1_000);
    await settle();
    assert.deepEqual(lastIds, [undefined, '7']);
    sends[1]?.(event('8'));
    assert.equal((await second).value?.id, '8');
    await messages.return();
    assert.equal(clock.pending(), 0);
  });

  it('is not closed while the caller is not reading', async () => {
    const { clock, sends, lastIds, messages } = startIdleServer();
    const first = messages.next();
    await settle();
    sends[0]?.(event('1'));
    await first;
    clock.advance(10 * IDLE_MS_MAX);
    sends[0]?.(event('2'));
    assert.equal((await messages.next()).value?.id, '2');
    assert.equal(lastIds.length, 1);
    await messages.return();
  });
});
