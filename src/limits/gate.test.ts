import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createGate, type Leave } from './gate.ts';

const isLeave = (result: unknown): result is Leave => typeof result === 'function';

function enterNow(gate: ReturnType<typeof createGate>, lane: string): Leave {
  const result = gate.enter(lane);
  assert.ok(isLeave(result), 'it lets in without waiting');
  return result;
}

describe('a gate', () => {
  it('lets in as many as may be inside, and the next one when one leaves', async () => {
    const gate = createGate({ insideMax: 2, waitingMax: 2 });
    const leave = enterNow(gate, 'a');
    enterNow(gate, 'a');
    const third = gate.enter('a');
    assert.ok(third instanceof Promise);
    leave();
    const leaveThird = await third;
    assert.ok(leaveThird);
    leaveThird();
    enterNow(gate, 'a');
  });

  it('lets lanes take turns', async () => {
    const gate = createGate({ insideMax: 1, waitingMax: 10 });
    const order: string[] = [];
    let leave: Leave | undefined = enterNow(gate, 'busy');
    const arrivals = ['busy', 'busy', 'busy', 'calm'];
    const entered = arrivals.map(async (lane) => {
      leave = await gate.enter(lane);
      order.push(lane);
    });
    for (const _ of arrivals) {
      leave?.();
      await new Promise((resolve) => setImmediate(resolve));
    }
    await Promise.all(entered);
    assert.deepEqual(order, ['busy', 'calm', 'busy', 'busy']);
  });

  it('refuses, and counts, those that find too many of their lane waiting', () => {
    const gate = createGate({ insideMax: 1, waitingMax: 1 });
    enterNow(gate, 'a');
    assert.ok(gate.enter('a') instanceof Promise);
    assert.equal(gate.enter('a'), undefined);
    assert.ok(gate.enter('b') instanceof Promise);
    assert.equal(gate.countRefused(), 1);
  });
});
