import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { makeClock } from '../../test/support/harness.ts';
import { forwardedNetwork } from '../lib/ip.ts';
import { BODY_BYTES_TOTAL_MAX, BODY_SHARES, type BodySender, createBodyBudget } from './body-budget.ts';

const BATCH_BYTES = 5 * 1024 * 1024;

const phone = (network: string, callerId = 'client key'): BodySender => ({
  kind: 'client',
  callerId,
  network,
});
const backend = (callerId = 'server key'): BodySender => ({
  kind: 'trusted',
  callerId,
  network: '203.0.113.1',
});
const visitor = (network: string): BodySender => ({ kind: 'anonymous', callerId: undefined, network });

const open = () => {
  const clock = makeClock();
  return { clock, budget: createBodyBudget(clock) };
};

describe('the memory for request bodies', () => {
  it('keeps one address with a client key from using what other addresses send with it', () => {
    const { budget } = open();
    assert.ok(budget.reserve(phone('192.0.2.1'), BODY_SHARES.client.address));
    assert.equal(budget.reserve(phone('192.0.2.1'), 1), undefined);
    assert.equal(budget.reserve(phone('192.0.2.1', 'another client key'), 1), undefined);
    assert.ok(budget.reserve(phone('192.0.2.2'), BATCH_BYTES));
    assert.deepEqual(budget.totals(), { caller: 0, address: 2, kind: 0, total: 0 });
  });

  it('leaves room for backends, people and visitors whatever client keys use from many addresses', () => {
    const { budget } = open();
    for (let index = 0; index < 1_000; index += 1)
      budget.reserve(phone(`192.0.2.${index}`, `client key ${index % 3}`), BATCH_BYTES);
    assert.ok(budget.totals().kind > 0);
    assert.ok(budget.bytesInFlight() <= BODY_SHARES.client.kind);
    for (let index = 0; index < 12; index += 1) assert.ok(budget.reserve(backend(), BATCH_BYTES));
    assert.ok(budget.reserve(visitor('192.0.2.1'), 65_536));
  });

  it('leaves room for other client keys whatever one uses from many addresses', () => {
    const { budget } = open();
    for (let index = 0; budget.reserve(phone(`192.0.2.${index}`), BATCH_BYTES); index += 1);
    assert.deepEqual(budget.totals(), { caller: 1, address: 0, kind: 0, total: 0 });
    assert.ok(budget.reserve(phone('192.0.2.1', 'another client key'), BATCH_BYTES));
  });

  it('gives the callers of an unconfigured proxy no share per address, which a few of them would use up', () => {
    const { budget } = open();
    const proxy = forwardedNetwork('10.0.0.1');
    for (let index = 0; index < 24; index += 1) assert.ok(budget.reserve(phone(proxy), BATCH_BYTES));
    const { bytesInFlight } = budget;
    while (budget.reserve({ ...visitor(proxy) }, BATCH_BYTES));
    assert.ok(bytesInFlight() <= BODY_SHARES.client.caller + BODY_SHARES.anonymous.kind);
    assert.deepEqual(budget.totals(), { caller: 0, address: 0, kind: 1, total: 0 });
  });

  it('carries thousands of small batches of one client key at the same time', () => {
    const { budget } = open();
    for (let index = 0; index < 5_000; index += 1)
      assert.ok(budget.reserve(phone(`192.0.2.${index}`), 25_000));
  });

  it('never holds more than its total', () => {
    const { budget } = open();
    for (let index = 0; index < 100; index += 1) budget.reserve(backend(`server key ${index}`), BATCH_BYTES);
    assert.ok(budget.bytesInFlight() <= BODY_BYTES_TOTAL_MAX);
    assert.ok(budget.totals().total > 0);
  });

  it('grows a reservation only while there is room, and keeps what it held otherwise', () => {
    const { budget } = open();
    const body = budget.reserve(phone('192.0.2.1'), 1_000);
    assert.ok(body);
    assert.equal(body.grow(500), true);
    assert.equal(budget.bytesInFlight(), 1_000);
    assert.equal(body.grow(BODY_SHARES.client.address), true);
    assert.equal(body.grow(BODY_SHARES.client.address + 1), false);
    assert.equal(budget.bytesInFlight(), BODY_SHARES.client.address);
  });

  it('counts bodies of unknown length together with the others of their address', () => {
    const { budget } = open();
    const first = budget.reserve(phone('192.0.2.1'), 0);
    const second = budget.reserve(phone('192.0.2.1'), 0);
    first?.release();
    const third = budget.reserve(phone('192.0.2.1'), 0);
    assert.equal(second?.grow(BODY_SHARES.client.address), true);
    assert.equal(third?.grow(1), false);
    second?.release();
    assert.equal(third?.grow(1), true);
    assert.equal(second?.grow(1), false);
    assert.equal(budget.bytesInFlight(), 1);
  });

  it('counts a body for its key once that is verified, and gives back the share of unverified ones', () => {
    const { budget } = open();
    const unverified = { kind: 'unverified', callerId: undefined, network: '192.0.2.1' } as const;
    const body = budget.reserve(unverified, BODY_SHARES.unverified.address);
    assert.equal(budget.reserve(unverified, 1), undefined);
    assert.equal(body?.moveTo(phone('192.0.2.1')), true);
    assert.equal(budget.bytesInFlight(), BODY_SHARES.unverified.address);
    assert.ok(budget.reserve(unverified, BODY_SHARES.unverified.address));
    const left = BODY_SHARES.client.address - BODY_SHARES.unverified.address;
    assert.equal(budget.reserve(phone('192.0.2.1'), left + 1), undefined);
    assert.ok(budget.reserve(phone('192.0.2.1'), left));
  });

  it('lets a body leave its address, whose share is free again, but not its kind', () => {
    const { budget } = open();
    const unverified = { kind: 'unverified', callerId: undefined, network: '192.0.2.1' } as const;
    const { address, kind } = BODY_SHARES.unverified;
    const first = budget.reserve(unverified, address);
    first?.leaveAddress();
    assert.equal(first?.grow(kind - address), true, 'more than an address may hold');
    const second = budget.reserve(unverified, address);
    assert.ok(second);
    assert.equal(second.grow(address + 1), false);
    assert.equal(first?.grow(kind - address + 1), false, 'the kind is full');
    first?.leaveAddress();
    first?.release();
    second.leaveAddress();
    assert.equal(second.moveTo({ ...unverified, network: '192.0.2.2' }), true);
    assert.ok(budget.reserve(unverified, address));
    assert.equal(budget.reserve({ ...unverified, network: '192.0.2.2' }, 1), undefined);
    second.release();
    second.leaveAddress();
    assert.equal(budget.bytesInFlight(), address);
  });

  it('is crowded for a kind of sender once that uses more than three quarters of its share', () => {
    const { budget } = open();
    const { kind, address } = BODY_SHARES.unverified;
    const fill = (index: number, bytes: number) =>
      budget.reserve({ kind: 'unverified', callerId: undefined, network: `192.0.2.${index}` }, bytes);
    for (let index = 0; index < 3; index += 1) assert.ok(fill(index, address));
    assert.ok(fill(3, kind * 0.75 - 3 * address));
    assert.equal(budget.isCrowded('unverified'), false);
    const last = fill(4, 1);
    assert.deepEqual([budget.isCrowded('unverified'), budget.isCrowded('client')], [true, false]);
    last?.release();
    assert.equal(budget.isCrowded('unverified'), false);
    for (let index = 0; index < 2; index += 1) budget.reserve(backend(), 60 * 1024 * 1024);
    assert.equal(budget.isCrowded('trusted'), false);
  });

  it('counts decoders beside all shares, each until it is released once', () => {
    const { budget } = open();
    const release = [budget.countDecoder(BODY_BYTES_TOTAL_MAX), budget.countDecoder(1)];
    assert.equal(budget.bytesInFlight(), BODY_BYTES_TOTAL_MAX + 1);
    assert.ok(budget.reserve(backend(), BATCH_BYTES));
    for (const releaseOne of [...release, ...release]) releaseOne();
    assert.equal(budget.bytesInFlight(), BATCH_BYTES);
  });

  it('leaves a body where it counts if there is no room where it should, or it is released', () => {
    const { budget } = open();
    const body = budget.reserve(visitor('192.0.2.1'), 1_000);
    const full = budget.reserve(phone('192.0.2.1'), BODY_SHARES.client.address);
    assert.equal(body?.moveTo(phone('192.0.2.1')), false);
    full?.release();
    assert.equal(budget.bytesInFlight(), 1_000);
    body?.release();
    assert.equal(body?.moveTo(phone('192.0.2.1')), false);
    assert.equal(budget.bytesInFlight(), 0);
  });

  it('is whole again when bodies are released, each once', () => {
    const { budget } = open();
    const bodies = [budget.reserve(phone('192.0.2.1'), 1_000), budget.reserve(backend(), 2_000)];
    for (const body of [...bodies, ...bodies]) body?.release();
    assert.equal(budget.bytesInFlight(), 0);
    assert.ok(budget.reserve(phone('192.0.2.1'), BODY_SHARES.client.address));
  });

  it('warns for ten seconds after a refusal, unless only single addresses send too much', () => {
    const { budget, clock } = open();
    budget.reserve(phone('192.0.2.1'), BODY_SHARES.client.address + 1);
    assert.equal(budget.findProblem(), undefined);
    budget.reserve(backend(), BODY_SHARES.trusted.caller + 1);
    assert.match(budget.findProblem() ?? '', /refused with 503/);
    clock.advance(10_000);
    assert.equal(budget.findProblem(), undefined);
  });
});
