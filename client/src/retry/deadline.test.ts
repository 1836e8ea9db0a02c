import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { failureOf, inTurn, PAGE } from '../../../test/scripted-clients.ts';
import { limited, refusal, startScriptedServer, type World } from '../../../test/scripted-server.ts';
import { AppflowAdmin } from '../admin.ts';
import type { OnWait } from './deadline.ts';

const connect = ({ url, clock, fetch }: World, onWait: OnWait) =>
  new AppflowAdmin({ apiKey: 'sk_1', baseUrl: url, clock, fetch, random: () => 0, onWait });

describe('onWait', () => {
  it('is told of each wait, for a limit, an outage or one failing request: how long, and why', async () => {
    const world = await startScriptedServer(
      inTurn(limited(2), 'hang_up', refusal(500, 'internal'), { status: 502 }, PAGE),
    );
    const told: unknown[] = [];
    const admin = connect(world, ({ waitMs, error }) => told.push([waitMs, error?.code, error?.status]));
    await world.run(admin.apps.list());
    assert.deepEqual(told, [
      [2_000, 'rate_limited', 429],
      [2_000, 'network_error', 0],
      [500, 'internal', 500],
      [500, 'unexpected_answer', 502],
    ]);
  });

  it('is told once by each call that waits, however many wait with it', async () => {
    const world = await startScriptedServer((_seen, n) => (n < 20 ? limited(3) : PAGE));
    const told: number[] = [];
    const admin = connect(world, ({ waitMs }) => told.push(waitMs));
    await world.run(Promise.all(Array.from({ length: 20 }, () => admin.apps.list())));
    assert.deepEqual(
      told,
      Array.from({ length: 20 }, () => 3_000),
    );
  });

  it('ends the call with what it throws, and no other', async () => {
    for (const trouble of [limited(3), refusal(500, 'internal')]) {
      const world = await startScriptedServer((_seen, n) => (n < 2 ? trouble : PAGE));
      let asked = 0;
      const admin = connect(world, () => {
        asked += 1;
        if (asked === 1) throw new Error('Too long for me.');
      });
      const work = Promise.allSettled([admin.apps.list(), admin.apps.list()]);
      const results = (await world.run(work)).map(({ status }) => status).sort();
      assert.deepEqual(results, ['fulfilled', 'rejected']);
      assert.equal(world.clock.pending(), 0);
    }
  });

  it('is told of no failure that is over', async () => {
    const usedUp = { ...PAGE, headers: { ratelimit: '"management";r=0;t=5' } };
    const world = await startScriptedServer(inTurn(limited(1), usedUp, PAGE));
    const told: unknown[] = [];
    const admin = connect(world, ({ waitMs, error }) => told.push([waitMs, error?.code]));
    await world.run(admin.apps.list());
    await world.run(admin.apps.list());
    assert.deepEqual(told, [
      [1_000, 'rate_limited'],
      [5_000, undefined],
    ]);
  });

  it('is not told of a wait that is too long to begin', async () => {
    const world = await startScriptedServer(inTurn(limited(3_601), PAGE));
    const told: number[] = [];
    const admin = connect(world, ({ waitMs }) => told.push(waitMs));
    await assert.rejects(world.run(admin.apps.list()), { code: 'rate_limited' });
    assert.deepEqual(told, []);
  });
});

/** A server that never answers. */
const hang = ({ signal }: RequestInit) =>
  new Promise<never>((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));

it('a call that gets no answer within its time limit says so, whatever failed before', async () => {
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
