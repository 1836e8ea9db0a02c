import assert from 'node:assert/strict';
import { it } from 'node:test';
import { connectAdmin, failureOf } from '../../test/scripted-clients.ts';
import { refusal, type Scripted, startScriptedServer } from '../../test/scripted-server.ts';
import type { StreamMessage } from './event-stream.ts';

const stream = (...blocks: string[]): Scripted => ({
  status: 200,
  body: blocks.map((block) => `${block}\n\n`).join(''),
});
const event = (id: string) => `id: ${id}\nevent: event\ndata: {"event_id":"e${id}"}`;

it('goes on after the last message when the connection ends, and ends with the word of the server', async () => {
  const answers = [
    stream('retry: 250\nid: 0', ': heartbeat', event('1'), event('2')),
    refusal(503, 'overloaded', { 'retry-after': '1' }),
    stream('id: 4\nevent: gap\ndata: {"missed":3}', 'event: closed\ndata: {"code":"overloaded"}'),
    stream(event('5'), 'event: closed\ndata: {"code":"api_key_revoked"}'),
  ];
  const world = await startScriptedServer((_seen, n) => answers[n] ?? refusal(404, 'not_found'));
  const told: string[] = [];
  const read = async () => {
    for await (const message of connectAdmin(world).events.stream({ event_name: ['a', 'b'] }))
      told.push(describe(message));
  };
  const error = await failureOf(world.run(read()));
  assert.equal(error.code, 'api_key_revoked');
  assert.deepEqual(told, ['1: e1', '2: e2', '4: 3 missed', '5: e5']);
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

const describe = (message: StreamMessage) =>
  'event' in message ? `${message.id}: ${message.event.event_id}` : `${message.id}: ${message.missed} missed`;

it('begins where it is told, and a signal ends it', async () => {
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
