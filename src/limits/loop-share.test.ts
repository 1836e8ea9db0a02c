import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { forwardedNetwork } from '../lib/ip.ts';
import type { BodySender } from './body-budget.ts';
import { createLoopShare, FREE_TURNS, forEachInTurns, LOOP_SHARE_MS, laneOf, TASK_MS } from './loop-share.ts';

const client = (network: string, callerId = 'key_app'): BodySender => ({ kind: 'client', callerId, network });
const backend: BodySender = { kind: 'trusted', callerId: 'key_backend', network: '192.0.2.1' };

/** Keeps the event loop from everything else, as long work does. */
function work(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

it('ends a task after the first index that takes as long as a task may', async () => {
  const share = createLoopShare();
  const tasks: number[][] = [];
  const run: typeof share.run = (user, task) =>
    share.run(user, () => {
      tasks.push([]);
      return task();
    });
  await forEachInTurns({ run }, backend, 4, (index) => {
    tasks.at(-1)?.push(index);
    work(TASK_MS);
  });
  assert.deepEqual(tasks, [[0], [1], [2], [3]]);
});

/** An event loop whose turns and time a test moves. */
function createTestLoop() {
  const turns: (() => void)[] = [];
  const state = { nowMs: 0 };
  const share = createLoopShare({ nowMs: () => state.nowMs, onNextTurn: (task) => turns.push(task) });
  const done: string[] = [];
  const run = (sender: string | BodySender, name: string, ms: number) =>
    share.run(typeof sender === 'string' ? client(sender) : sender, () => {
      state.nowMs += ms;
      done.push(name);
      return name;
    });
  /** Runs what the test does not wait for. */
  const start = (lane: string | BodySender, name: string, ms: number): void => {
    void run(lane, name, ms);
  };
  const endTurn = () => {
    assert.equal(turns.length, 1, 'one turn is planned');
    turns.shift()?.();
  };
  /** Ends a turn whose share is used up, and those that are free of such work. */
  const nextTurn = () => {
    for (let turn = 0; turn <= FREE_TURNS; turn += 1) endTurn();
  };
  const otherWork = (ms: number): void => {
    state.nowMs += ms;
  };
  return { share, run, start, done, endTurn, nextTurn, otherWork };
}

describe('the share of the event loop', () => {
  it('runs work immediately until the share of the turn is used up, and the rest in later turns', async () => {
    const { run, done, nextTurn } = createTestLoop();
    assert.equal(run('a', 'first', LOOP_SHARE_MS - 1), 'first');
    assert.equal(run('a', 'second', LOOP_SHARE_MS), 'second');
    const third = run('a', 'third', LOOP_SHARE_MS);
    const fourth = run('a', 'fourth', 1);
    assert.deepEqual(done, ['first', 'second']);
    nextTurn();
    assert.deepEqual(done, ['first', 'second', 'third']);
    nextTurn();
    assert.deepEqual(await Promise.all([third, fourth]), ['third', 'fourth']);
  });

  it('lets lanes take turns, so that one with much work delays another by one task at most', () => {
    const { start, done, nextTurn } = createTestLoop();
    start('busy', 'now', LOOP_SHARE_MS);
    for (let index = 0; index < 5; index += 1) start('busy', `busy ${index}`, LOOP_SHARE_MS);
    start('calm', 'calm', 1);
    nextTurn();
    nextTurn();
    assert.deepEqual(done, ['now', 'busy 0', 'calm', 'busy 1']);
  });

  it('has a lane per address, and one per caller where an unconfigured proxy hides the address', () => {
    assert.deepEqual(laneOf(client('192.0.2.1', 'key_a')), laneOf(client('192.0.2.1', 'key_b')));
    const proxy = forwardedNetwork('10.0.0.1');
    assert.notDeepEqual(laneOf(client(proxy, 'key_a')), laneOf(client(proxy, 'key_b')));
  });

  it('has a lane per server key, wherever it sends from', () => {
    assert.deepEqual(laneOf(backend), laneOf({ ...backend, network: '192.0.2.2' }));
    assert.notDeepEqual(laneOf(backend), laneOf({ ...backend, callerId: 'key_other' }));
    assert.notDeepEqual(laneOf(backend), laneOf(client('192.0.2.1', 'key_backend')));
  });

  it('lets a backend do its work after one task of a thousand phones', () => {
    const { start, done, nextTurn } = createTestLoop();
    start('phone', 'now', LOOP_SHARE_MS);
    for (let index = 0; index < 1_000; index += 1) start(`phone ${index}`, 'phone', LOOP_SHARE_MS);
    start(backend, 'backend', 1);
    nextTurn();
    nextTurn();
    assert.deepEqual(done.slice(0, 3), ['now', 'phone', 'backend']);
  });

  it('leaves turns to connections after one that used up its share, and only then', () => {
    const { start, done, endTurn } = createTestLoop();
    start('a', 'short', 1);
    endTurn();
    start('a', 'now', LOOP_SHARE_MS);
    start('a', 'waiting', 1);
    for (let turn = 0; turn < FREE_TURNS; turn += 1) endTurn();
    assert.deepEqual(done, ['short', 'now']);
    endTurn();
    assert.deepEqual(done, ['short', 'now', 'waiting']);
  });

  for (const { ms, turns } of [
    { ms: LOOP_SHARE_MS - 1, turns: 2 },
    { ms: LOOP_SHARE_MS, turns: 1 },
  ]) {
    it(`leaves ${turns} turns to connections where other work takes ${ms} ms of each`, () => {
      const { start, done, endTurn, otherWork } = createTestLoop();
      start('a', 'now', LOOP_SHARE_MS);
      start('a', 'waiting', 1);
      for (let turn = 1; turn < turns; turn += 1) {
        otherWork(ms);
        endTurn();
      }
      assert.deepEqual(done, ['now']);
      otherWork(ms);
      endTurn();
      assert.deepEqual(done, ['now', 'waiting']);
    });
  }

  it('lets nothing overtake work that waits', () => {
    const { start, done, nextTurn } = createTestLoop();
    start('a', 'now', LOOP_SHARE_MS);
    start('a', 'waiting', LOOP_SHARE_MS);
    start('a', 'last', 1);
    nextTurn();
    assert.deepEqual(done, ['now', 'waiting']);
  });

  it('passes errors on, and goes on after them', async () => {
    const { share, start, done, nextTurn } = createTestLoop();
    const fail = () => {
      throw new Error('broken');
    };
    assert.throws(() => share.run(client('a'), fail), /broken/);
    start('a', 'now', LOOP_SHARE_MS);
    const failing = share.run(client('a'), fail);
    start('a', 'next', 1);
    nextTurn();
    await assert.rejects(Promise.resolve(failing), /broken/);
    assert.deepEqual(done, ['now', 'next']);
  });
});
