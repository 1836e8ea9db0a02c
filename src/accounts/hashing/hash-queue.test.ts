import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it, mock } from 'node:test';
import { ApiError } from '../../api/errors.ts';
import { createHashQueue } from './hash-queue.ts';

const LIMITS = { waitingMax: 3, waitMsMax: 1_000, knownWaitMsMax: 5_000 };

beforeEach(() => mock.timers.enable({ apis: ['setTimeout'] }));
afterEach(() => mock.timers.reset());

/** Returns a queue, and a hash that lasts until `finish` is called with its name. */
function openQueue() {
  const refusals: string[] = [];
  const queue = createHashQueue(LIMITS, ({ caller }) => refusals.push(caller));
  const started: string[] = [];
  const ends = new Map<string, () => void>();
  const run = (name: string, isKnown = false) =>
    queue
      .run(isKnown, async () => {
        started.push(name);
        await new Promise<void>((resolve) => ends.set(name, resolve));
        return name;
      })
      .catch((error: unknown) => (error instanceof ApiError ? error.code : assert.fail(String(error))));
  const finish = async (name: string) => {
    ends.get(name)?.();
    for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
  };
  return { run, started, finish, refusals, countRefused: queue.countRefused };
}

describe('the queue of password hashes', () => {
  it('runs one hash at a time, in the order they came', async () => {
    const { run, started, finish } = openQueue();
    const all = Promise.all([run('a'), run('b'), run('c')]);
    assert.deepEqual(started, ['a']);
    await finish('a');
    assert.deepEqual(started, ['a', 'b']);
    await finish('b');
    await finish('c');
    assert.deepEqual(await all, ['a', 'b', 'c']);
  });

  it('runs those of known callers next, and keeps room for them when all other places are taken', async () => {
    const { run, started, finish } = openQueue();
    const others = [run('a'), run('b'), run('c'), run('d')];
    assert.equal(await run('e'), 'overloaded', 'three wait');
    const known = run('owner', true);
    await finish('a');
    assert.deepEqual(started, ['a', 'owner']);
    for (const name of ['owner', 'b', 'c', 'd']) await finish(name);
    assert.deepEqual(await Promise.all([known, ...others]), ['owner', 'a', 'b', 'c', 'd']);
  });

  it('refuses a hash that has waited for too long, and runs the next ones', async () => {
    const { run, started, finish, refusals, countRefused } = openQueue();
    const [first, second] = [run('a'), run('b')];
    mock.timers.tick(LIMITS.waitMsMax - 1);
    const [third, known] = [run('c'), run('owner', true)];
    mock.timers.tick(1);
    assert.equal(await second, 'overloaded');
    assert.deepEqual([refusals, countRefused()], [['other'], { known: 0, other: 1 }]);
    await finish('a');
    await finish('owner');
    await finish('c');
    assert.deepEqual([await first, await known, await third], ['a', 'owner', 'c']);
    assert.deepEqual(started, ['a', 'owner', 'c']);
  });

  it('goes on after a hash that failed', async () => {
    const queue = createHashQueue(LIMITS);
    const failing = queue.run(false, () => Promise.reject(new Error('broken')));
    const next = queue.run(false, async () => 'next');
    await assert.rejects(failing, /broken/);
    assert.equal(await next, 'next');
  });
});
