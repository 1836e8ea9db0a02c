import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { forwardedNetwork } from '../lib/ip.ts';
import { createLoopShare, LOOP_SHARE_MS, laneOf } from './loop-share.ts';

/** An event loop whose turns and time a test moves. */
function createTestLoop() {
  const turns: (() => void)[] = [];
  const state = { nowMs: 0 };
  const share = createLoopShare({ nowMs: () => state.nowMs, onNextTurn: (task) => turns.push(task) });
  const done: string[] = [];
  const run = (lane: string, name: string, ms: number) =>
    share.run(lane, () => {
      state.nowMs += ms;
      done.push(name);
      return name;
    });
  /** Runs what the test does not wait for. */
  const start = (lane: string, name: string, ms: number): void => {
    void run(lane, name, ms);
  };
  const nextTurn = () => {
    assert.equal(turns.length, 1, 'one turn is planned');
    turns.shift()?.();
  };
  return { share, run, start, done, nextTurn };
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
    assert.equal(laneOf('192.0.2.1', 'key_a'), laneOf('192.0.2.1', 'key_b'));
    const proxy = forwardedNetwork('10.0.0.1');
    assert.notEqual(laneOf(proxy, 'key_a'), laneOf(proxy, 'key_b'));
  });

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
    assert.throws(() => share.run('a', fail), /broken/);
    start('a', 'now', LOOP_SHARE_MS);
    const failing = share.run('a', fail);
    start('a', 'next', 1);
    nextTurn();
    await assert.rejects(Promise.resolve(failing), /broken/);
    assert.deepEqual(done, ['now', 'next']);
  });
});
