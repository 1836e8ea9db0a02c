import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseList } from 'structured-headers';
import { makeInstantLimiter } from '../../test/support/instant-limiter.ts';
import { chargeDenied } from './charge-denied.ts';
import type { DeniedDecision } from './gcra/decide.ts';
import type { Limit } from './gcra/limit.ts';
import { createPlanner, type Payer } from './plan.ts';
import type { LimitOverrides } from './policies.ts';
import type { DeniedVerdict, LimitVerdict } from './verdict.ts';

const serverEvents: Payer = { keyId: 'key_1', callerType: 'server', category: 'events' };

function openLimiter({ overrides }: { overrides: LimitOverrides }) {
  let now = 5_000_000;
  const limiter = makeInstantLimiter({ overrides, nowUs: () => now });
  const wait = (us: number) => {
    now += us;
  };
  return { limiter, wait };
}

function getDenial(verdict: LimitVerdict): DeniedVerdict {
  assert.ok(!verdict.allowed && !verdict.impossible);
  return verdict;
}

test('a flood of denied batches is stopped before bodies are read, and the wait is exact before and after', () => {
  const { limiter, wait } = openLimiter({
    overrides: { 'events-requests': { rate: 1, burst: 3 }, events: { rate: 100, burst: 1000 } },
  });
  assert.ok(limiter.charge({ ...serverEvents, events: 1000 }).allowed);
  const batch = { ...serverEvents, events: 50 };
  const late = [1, 2].map(() => getDenial(limiter.charge(batch)));
  assert.deepEqual(
    late.map(({ policy, retryAfterSeconds }) => [policy, retryAfterSeconds]),
    [
      ['events', 1],
      ['events-requests', 1],
    ],
  );
  assert.equal(getDenial(limiter.peek(batch)).policy, 'events-requests');
  wait(1_000_000);
  assert.ok(limiter.peek(batch).allowed);
  assert.ok(limiter.charge(batch).allowed);
});

test("adds what was spent, in order, to a shared store's denial, which covers only the limits that lack room", () => {
  const plan = createPlanner({})({
    keyId: 'key_1',
    callerType: 'client',
    category: 'events',
    network: '192.0.2.1',
  });
  const [events, requests, eventsIp, requestsIp] = plan.limits.map(({ limit }) => limit);
  assert.ok(events && requests && eventsIp && requestsIp);
  const stateOf = (limit: Limit, remaining: number) => ({ limit, remaining, resetSeconds: 1 });
  const denial: DeniedDecision = {
    allowed: false,
    impossible: false,
    policy: 'events-ip',
    retryAfterMs: 40,
    states: [stateOf(eventsIp, 0)],
  };
  const spent = [stateOf(requests, 9_000), stateOf(requestsIp, 400)];
  const store = { chargeRefusal: () => ({ allowed: true, owedTicks: [], states: spent }) as const };
  const result = chargeDenied(store, plan, { ...serverEvents, network: '192.0.2.1' }, denial);
  assert.deepEqual(result, {
    ...denial,
    states: [stateOf(requests, 9_000), stateOf(eventsIp, 0), stateOf(requestsIp, 400)],
  });
});

test('a denial before the body includes the wait for an event when none is left', () => {
  const { limiter, wait } = openLimiter({
    overrides: { 'events-requests': { rate: 10, burst: 3 }, events: { rate: 0.1, burst: 1000 } },
  });
  limiter.charge({ ...serverEvents, events: 1000 });
  limiter.charge({ ...serverEvents, events: 0 });
  limiter.charge({ ...serverEvents, events: 0 });
  const denial = getDenial(limiter.peek(serverEvents));
  assert.deepEqual([denial.policy, denial.retryAfterSeconds], ['events', 10]);
  const result = new Map(
    parseList(denial.headers.RateLimit ?? '').map(([name, parameters]) => [name, parameters.get('t')]),
  );
  assert.equal(result.get('events'), 10);
  wait(9_000_000);
  assert.ok(!limiter.charge({ ...serverEvents, events: 1 }).allowed);
  wait(1_000_000);
  assert.ok(limiter.charge({ ...serverEvents, events: 1 }).allowed);
});
