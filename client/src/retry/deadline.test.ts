import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { failureOf, inTurn, PAGE } from '../../../test/client/scripted-clients.ts';
import { limited, refusal, startScriptedServer, type World } from '../../../test/client/scripted-server.ts';
import { AppflowAdmin } from '../admin.ts';
import type { OnWait } from './deadline.ts';

const connect = ({ url, clock, fetch }: World, onWait: OnWait) =>
  new AppflowAdmin({ apiKey: 'sk_1', baseUrl: url, clock, fetch, random: () => 0, onWait });

describe('onWait', () => {
  it('is called with the duration and reason of each wait: a rate limit, an outage or a single failing request', async () => {
    const world = await startScriptedServer(
      inTurn(limited(2), 'hang_up', refusal(500, 'internal'), { status: 502 }, PAGE),
    );
    const waits: unknown[] = [];
    const admin = connect(world, ({ waitMs, error }) => waits.push([waitMs, error?.code, error?.status]));
    await world.run(admin.apps.list());
    assert.deepEqual(waits, [
      [2_000, 'rate_limited', 429],
      [2_000, 'network_error', 0],
      [500, 'internal', 500],
      [500, 'unexpected_answer', 502],
    ]);
  });

  it('is called once per waiting call, however many wait together', async () => {
    const world = await startScriptedServer((_seen, n) => (n < 20 ? limited(3) : PAGE));
    const waits: number[] = [];
    const admin = connect(world, ({ waitMs }) => waits.push(waitMs));
    await world.run(Promise.all(Array.from({ length: 20 }, () => admin.apps.list())));
    assert.deepEqual(
      waits,
      Array.from({ length: 20 }, () => 3_000),
    );
  });

  it('fails only its own call with the error it throws', async () => {
    for (const failure of [limited(3), refusal(500, 'internal')]) {
      const world = await startScriptedServer((_seen, n) => (n < 2 ? failure : PAGE));
      let calls = 0;
      const admin = connect(world, () => {
        calls += 1;
        if (calls === 1) throw new Error('Too long for me.');
      });
      const work = Promise.allSettled([admin.apps.list(), admin.apps.list()]);
      const results = (await world.run(work)).map(({ status }) => status).sort();
      assert.deepEqual(results, ['fulfilled', 'rejected']);
      assert.equal(world.clock.pending(), 0);
    }
  });

  it('is not called with a failure that has been resolved', async () => {
    const usedUp = { ...PAGE, headers: { ratelimit: '"management";r=0;t=5' } };
    const world = await startScriptedServer(inTurn(limited(1), usedUp, PAGE));
    const waits: unknown[] = [];
    const admin = connect(world, ({ waitMs, error }) => waits.push([waitMs, error?.code]));
    await world.run(admin.apps.list());
    await world.run(admin.apps.list());
    assert.deepEqual(waits, [
      [1_000, 'rate_limited'],
      [5_000, undefined],
    ]);
  });

  it('is not called for a wait that is too long to start', async () => {
    const world = await startScriptedServer(inTurn(limited(3_601), PAGE));
    const waits: number[] = [];
    const admin = connect(world, ({ waitMs }) => waits.push(waitMs));
    await assert.rejects(world.run(admin.apps.list()), { code: 'rate_limited' });
    assert.deepEqual(waits, []);
  });
});

/** A server that never responds. */
const hang = ({ signal }: RequestInit) =>
  new Promise<never>((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));

it('a call without a response within its time limit reports that, whatever failed before', async () => {
  const world = await startScriptedServer(inTurn(limited(1), PAGE));
  let isHanging = false;
  const admin = new AppflowAdmin({
    apiKey: 'sk_1',
    baseUrl: world.url,
    clock: world.clock,
    fetch: (url, init) => (isHanging ? hang(init) : world.fetch(url, init)),
    timeLimitMs: 10_000,
  });
  await world.run(admin.apps.list());
  isHanging = true;
  const error = await failureOf(world.run(admin.apps.list()));
  assert.deepEqual([error.code, error.status], ['network_error', 0]);
  assert.match(error.message, /took longer than 10 s/);
  assert.equal(world.clock.pending(), 0);
});
