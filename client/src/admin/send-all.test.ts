import assert from 'node:assert/strict';
import { it } from 'node:test';
import { connectAdmin, failureOf } from '../../../test/scripted-clients.ts';
import { limited, refusal, startScriptedServer, stored } from '../../../test/scripted-server.ts';

const make = (count: number) =>
  Array.from({ length: count }, (_, n) => ({ event_id: `e${n}`, event_name: 'a', app_user_id: 'u_1' }));

it('a batch that is too large is halved without a wait, and an event too large alone is rejected at its place', async () => {
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

it('batches leave one after the other in the order of the source, each only when onProgress is done with the last', async () => {
  const world = await startScriptedServer(({ body }, n) => (n === 1 ? limited(3) : stored(body)));
  const order: string[] = [];
  const done = await world.run(
    connectAdmin(world).events.sendAll(make(25), {
      appId: 'app_1',
      batchSize: 10,
      onProgress: async ({ events }) => {
        order.push(`${events} after ${world.seen.length} requests`);
        await undefined;
        order.push('noted');
      },
    }),
  );
  assert.equal(done.events, 25);
  assert.deepEqual(order, [
    '10 after 1 requests',
    'noted',
    '20 after 3 requests',
    'noted',
    '25 after 4 requests',
    'noted',
  ]);
  assert.deepEqual(world.seen[1]?.body, world.seen[2]?.body);
  assert.ok(world.seen.every(({ body }) => body.app_id === 'app_1' && body.sent_at === undefined));
});

it('what the source throws ends it, after what came before is done', async () => {
  const world = await startScriptedServer(({ body }) => stored(body));
  async function* broken() {
    yield* make(15);
    throw new Error('The file is torn.');
  }
  const told: number[] = [];
  const work = connectAdmin(world).events.sendAll(broken(), {
    batchSize: 10,
    onProgress: ({ events }) => void told.push(events),
  });
  await assert.rejects(world.run(work), /torn/);
  assert.deepEqual(told, [10]);
});

it('an event without an id gets one that stays the same over retries', async () => {
  const world = await startScriptedServer(({ body }, n) => (n === 0 ? 'hang_up' : stored(body)));
  await world.run(connectAdmin(world).events.send([{ event_name: 'a', app_user_id: 'u_1' }]));
  const [first, second] = world.seen.map(({ body }) => body.events[0].event_id);
  assert.match(first, /^[0-9a-z]{25}$/);
  assert.equal(first, second);
});

/** An admin client and the texts of the bodies that it sends. */
async function watch(script: Parameters<typeof startScriptedServer>[0] = ({ body }) => stored(body)) {
  const world = await startScriptedServer(script);
  const texts: string[] = [];
  const fetch: typeof world.fetch = (url, init) => {
    texts.push(String(init.body));
    return world.fetch(url, init);
  };
  return { world, texts, admin: connectAdmin({ ...world, fetch }) };
}

it('an event given as JSON text is sent byte for byte: long numbers keep every digit', async () => {
  const { world, texts, admin } = await watch();
  const text = '{"event_id":"e1", "properties":{"revenue":12.10,"big":12345678901234567890.5,"far":1e999}}';
  const deep = `${'['.repeat(50_000)}${']'.repeat(50_000)}`;
  await world.run(admin.events.sendAll([text, make(1)[0] ?? '', deep], { appId: 'app_"1' }));
  assert.deepEqual(texts, [
    `{"app_id":"app_\\"1","events":[${text},{"event_id":"e0","event_name":"a","app_user_id":"u_1"},${deep}]}`,
  ]);
});

it('a text too large alone is rejected with its id, whatever JSON it is', async () => {
  const { world, admin } = await watch(() => refusal(413, 'payload_too_large'));
  const ids: unknown[] = [];
  const onProgress = ({ rejections }: { rejections: object[] }) => void ids.push(...rejections);
  const texts = ['{"event_id":"e1"}', 'null', '7', '""'];
  assert.equal((await world.run(admin.events.sendAll(texts, { onProgress }))).rejected, 4);
  assert.deepEqual(
    ids.map((rejection) => 'event_id' in Object(rejection)),
    [true, false, false, false],
  );
});

it('a batch ends below 1,600,000 characters; an event beyond that goes alone', async () => {
  const { world, admin } = await watch();
  const textOf = (characters: number) => `"${'x'.repeat(characters - 2)}"`;
  const texts = [textOf(800_000), textOf(800_000), textOf(10), textOf(1_599_991), textOf(2_000_000)];
  await world.run(admin.events.sendAll(texts));
  assert.deepEqual(
    world.seen.map(({ body }) => body.events.length),
    [2, 1, 1, 1],
  );
});

it("an answer that is some other server's is no success", async () => {
  for (const body of ['null', '"page"', { ok: true }]) {
    const { world, admin } = await watch(() => ({ status: 200, body }));
    const error = await failureOf(world.run(admin.events.sendAll(make(1))));
    assert.equal(error.code, 'unexpected_answer');
  }
});
