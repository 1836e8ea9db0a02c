import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { BodySender } from './body-budget.ts';
import { createGate, type Gate, type Leave } from './gate.ts';

const isLeave = (result: unknown): result is Leave => typeof result === 'function';

const client = (network: string): BodySender => ({ kind: 'client', callerId: 'key_app', network });
const backend: BodySender = { kind: 'trusted', callerId: 'key_backend', network: 'somewhere' };
const stays = new AbortController().signal;
/** A gate whose places are for all kinds. */
const createTestGate = (insideMax: number, waitingMax: number, kindWaitingMax: number) =>
  createGate({ insideMax, openInsideMax: insideMax, waitingMax, kindWaitingMax });
const enter = (gate: Gate, lane: string) => gate.enter(client(lane), stays);

function enterNow(gate: Gate, lane: string): Leave {
  const result = enter(gate, lane);
  assert.ok(isLeave(result), 'it lets in without waiting');
  return result;
}

describe('a gate', () => {
  it('lets in as many as may be inside, and the next one when one leaves', async () => {
    const gate = createTestGate(2, 2, 2);
    const leave = enterNow(gate, 'a');
    enterNow(gate, 'a');
    const third = enter(gate, 'a');
    assert.ok(third instanceof Promise);
    leave();
    const leaveThird = await third;
    assert.ok(leaveThird);
    leaveThird();
    enterNow(gate, 'a');
  });

  it('lets lanes take turns', async () => {
    const gate = createTestGate(1, 10, 10);
    const order: string[] = [];
    let leave: Leave | undefined = enterNow(gate, 'busy');
    const arrivals = ['busy', 'busy', 'busy', 'calm'];
    const entered = arrivals.map(async (lane) => {
      leave = await enter(gate, lane);
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
    const gate = createTestGate(1, 1, 10);
    enterNow(gate, 'a');
    assert.ok(enter(gate, 'a') instanceof Promise);
    assert.equal(enter(gate, 'a'), undefined);
    assert.ok(enter(gate, 'b') instanceof Promise);
    assert.equal(gate.countRefused(), 1);
  });

  it('lets a backend in after one of a thousand phones, and never refuses it because of them', async () => {
    const gate = createTestGate(1, 256, 1_000);
    const leave = enterNow(gate, 'first');
    const phones = Array.from({ length: 1_000 }, (_, index) => enter(gate, `phone ${index}`));
    assert.ok(phones.every((entered) => entered instanceof Promise));
    assert.equal(enter(gate, 'one phone more'), undefined);
    const entered = gate.enter(backend, stays);
    assert.ok(entered instanceof Promise);
    leave();
    const leavePhone = await phones[0];
    assert.ok(leavePhone);
    leavePhone();
    assert.ok(await entered);
    assert.equal(gate.countWaiting(), 999);
  });

  it('keeps a place for backends that phones never take', async () => {
    const gate = createGate({ insideMax: 2, openInsideMax: 1, waitingMax: 10, kindWaitingMax: 10 });
    const leavePhone = enterNow(gate, 'phone');
    const nextPhone = enter(gate, 'next phone');
    assert.ok(nextPhone instanceof Promise, 'the other place is not for phones');
    const leaveBackend = gate.enter(backend, stays);
    assert.ok(isLeave(leaveBackend), 'a backend enters beside a phone that stays');
    const nextBackend = gate.enter(backend, stays);
    assert.ok(nextBackend instanceof Promise);
    leaveBackend();
    const leaveNextBackend = await nextBackend;
    assert.ok(leaveNextBackend, 'its place goes to the next backend, not to the phone before it');
    leaveNextBackend();
    assert.equal(gate.countWaiting(), 1);
    leavePhone();
    assert.ok(await nextPhone);
    assert.ok(isLeave(gate.enter(backend, stays)));
  });

  it('lets backends take every place', async () => {
    const gate = createGate({ insideMax: 2, openInsideMax: 1, waitingMax: 10, kindWaitingMax: 10 });
    const [first, second] = [gate.enter(backend, stays), gate.enter(backend, stays)];
    assert.ok(isLeave(first) && isLeave(second));
    const phones = [enter(gate, 'a'), enter(gate, 'b')];
    first();
    const leavePhone = await phones[0];
    second();
    assert.equal(gate.countWaiting(), 1, 'one phone at a time');
    leavePhone?.();
    assert.ok(await phones[1]);
  });

  it('forgets those that disconnect, at any moment', async () => {
    const gate = createTestGate(1, 10, 10);
    const leave = enterNow(gate, 'a');
    const gone = new AbortController();
    const phones = Array.from({ length: 10 }, (_, index) => gate.enter(client(`${index}`), gone.signal));
    const last = gate.enter(backend, stays);
    gone.abort(new Error('gone'));
    for (const entered of phones) await assert.rejects(Promise.resolve(entered), /gone/);
    assert.equal(gate.countWaiting(), 1);
    await assert.rejects(Promise.resolve(gate.enter(client('late'), gone.signal)), /gone/);
    leave();
    assert.ok(await last);
  });

  it('keeps the place of one that disconnects inside until it leaves', async () => {
    const gate = createTestGate(1, 10, 10);
    const gone = new AbortController();
    const leave = await gate.enter(client('a'), gone.signal);
    gone.abort();
    const next = enter(gate, 'b');
    assert.ok(next instanceof Promise);
    leave?.();
    assert.ok(await next);
  });
});
