import assert from 'node:assert/strict';
import { it } from 'node:test';
import { connectAdmin, failureOf } from '../../../test/client/scripted-clients.ts';
import { limited, refusal, startScriptedServer, stored } from '../../../test/client/scripted-server.ts';

const make = (count: number) =>
  Array.from({ length: count }, (_, n) => ({ event_id: `e${n}`, event_name: 'a', app_user_id: 'u_1' }));

it('halves a batch that is too large without waiting, and rejects a single event that is too large with its index', async () => {
  const world = await startScriptedServer(({ body }) => {
    const isTooLarge =
      body.events.length > 30 || body.events.some(({ event_id }: { event_id: string }) => event_id === 'e77');
    return isTooLarge ? refusal(413, 'payload_too_large') : stored(body);
  });
  const rejections: unknown[] = [];
  const done = await world.run(
    connectAdmin(world).events.sendAll(make(100), {
      onProgress: (progress) => {
        rejections.push(...progress.rejections);
      },
    }),
  );
  assert.deepEqual(done, { events: 100, accepted: 99, duplicates: 0, rejected: 1 });
  assert.deepEqual(rejections, [
    {
      index: 77,
      event_id: 'e77',
      code: 'payload_too_large',
      field: 'event',
      message: 'It is payload_too_large.',
    },
  ]);
  assert.equal(world.clock.monotonicMs(), 0);
});

it('halves a batch that is too slow (408) without waiting, and retries a single event until the time limit', async () => {
  const world = await startScriptedServer(({ body }) =>
    body.events.length > 30 ? refusal(408, 'request_too_slow') : stored(body),
  );
  const done = await world.run(connectAdmin(world).events.sendAll(make(100)));
  assert.deepEqual(done, { events: 100, accepted: 100, duplicates: 0, rejected: 0 });
  assert.deepEqual(
    world.seen.map(({ body }) => body.events.length),
    [100, 50, 25, 25, 50, 25, 25],
  );
  assert.equal(world.clock.monotonicMs(), 0);
  const slow = await startScriptedServer(() => refusal(408, 'request_too_slow'));
  for (const send of [
    (admin: ReturnType<typeof connectAdmin>): Promise<unknown> => admin.events.sendAll(make(1)),
    // Its caller decides on the batches.
    (admin: ReturnType<typeof connectAdmin>): Promise<unknown> => admin.events.send(make(2)),
  ]) {
    const error = await failureOf(slow.run(send(connectAdmin(slow, 0, 10_000))));
    assert.equal(error.code, 'request_too_slow');
  }
  assert.ok(slow.seen.length > 4, `${slow.seen.length}`);
});

it('sends batches sequentially in source order, each only after onProgress has resolved for the previous one', async () => {
  const world = await startScriptedServer(({ body }, n) => (n === 1 ? limited(3) : stored(body)));
  const order: string[] = [];
  const done = await world.run(
    connectAdmin(world).events.sendAll(make(25), {
      appId: 'app_1',
      batchSize: 10,
      onProgress: async ({ events }) => {
        order.push(`${events} after ${world.seen.length} requests`);
        await undefined;
        order.push('stored');
      },
    }),
  );
  assert.equal(done.events, 25);
  assert.deepEqual(order, [
    '10 after 1 requests',
    'stored',
    '20 after 3 requests',
    'stored',
    '25 after 4 requests',
    'stored',
  ]);
  assert.deepEqual(world.seen[1]?.body, world.seen[2]?.body);
  assert.ok(world.seen.every(({ body }) => body.app_id === 'app_1' && body.sent_at === undefined));
});

it('fails with an error of the source after sending the complete batches before it', async () => {
  const world = await startScriptedServer(({ body }) => stored(body));
  async function* failing() {
    yield* make(15);
    throw new Error('The file is truncated.');
  }
  const progress: number[] = [];
  const work = connectAdmin(world).events.sendAll(failing(), {
    batchSize: 10,
    onProgress: ({ events }) => void progress.push(events),
  });
  await assert.rejects(world.run(work), /truncated/);
  assert.deepEqual(progress, [10]);
});

it('an event without an ID gets one that stays the same across retries', async () => {
  const world = await startScriptedServer(({ body }, n) => (n === 0 ? 'hang_up' : stored(body)));
  await world.run(connectAdmin(world).events.send([{ event_name: 'a', app_user_id: 'u_1' }]));
  const [first, second] = world.seen.map(({ body }) => body.events[0].event_id);
  assert.match(first, /^[0-9a-z]{25}$/);
  assert.equal(first, second);
});

/** Returns an admin client and the bodies it sends, as text. */
async function connectWithBodies(
  script: Parameters<typeof startScriptedServer>[0] = ({ body }) => stored(body),
) {
  const world = await startScriptedServer(script);
  const texts: string[] = [];
  const fetch: typeof world.fetch = (url, init) => {
    texts.push(String(init.body));
    return world.fetch(url, init);
  };
  return { world, texts, admin: connectAdmin({ ...world, fetch }) };
}

it('sends an event given as JSON text byte for byte: long numbers keep every digit', async () => {
  const { world, texts, admin } = await connectWithBodies();
  const text = '{"event_id":"e1", "properties":{"revenue":12.10,"big":12345678901234567890.5,"far":1e999}}';
  const deep = `${'['.repeat(50_000)}${']'.repeat(50_000)}`;
  await world.run(admin.events.sendAll([text, make(1)[0] ?? '', deep], { appId: 'app_"1' }));
  assert.deepEqual(texts, [
    `{"app_id":"app_\\"1","events":[${text},{"event_id":"e0","event_name":"a","app_user_id":"u_1"},${deep}]}`,
  ]);
});

it('rejects a single text that is too large with its ID, whatever JSON it is', async () => {
  const { world, admin } = await connectWithBodies(() => refusal(413, 'payload_too_large'));
  const found: unknown[] = [];
  const onProgress = ({ rejections }: { rejections: object[] }) => void found.push(...rejections);
  const texts = ['{"event_id":"e1"}', 'null', '7', '""'];
  assert.equal((await world.run(admin.events.sendAll(texts, { onProgress }))).rejected, 4);
  assert.deepEqual(
    found.map((rejection) => 'event_id' in Object(rejection)),
    [true, false, false, false],
  );
});

it('limits batches to 1,600,000 characters; a larger event is sent alone', async () => {
  const { world, admin } = await connectWithBodies();
  const textOf = (characters: number) => `"${'x'.repeat(characters - 2)}"`;
  const texts = [textOf(800_000), textOf(800_000), textOf(10), textOf(1_599_991), textOf(2_000_000)];
  await world.run(admin.events.sendAll(texts));
  assert.deepEqual(
    world.seen.map(({ body }) => body.events.length),
    [2, 1, 1, 1],
  );
});

it('a response of some other server is not a success', async () => {
  for (const body of ['null', '"page"', { ok: true }]) {
    const { world, admin } = await connectWithBodies(() => ({ status: 200, body }));
    const error = await failureOf(world.run(admin.events.sendAll(make(1))));
    assert.equal(error.code, 'unexpected_answer');
  }
});
