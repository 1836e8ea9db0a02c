import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { NO_CALLER } from '../../src/control/control.ts';
import type { Payer } from '../../src/limits/plan.ts';
import type { RateLimits } from '../../src/limits/rate-limits.ts';
import { openControlServices } from '../../src/server/open-services.ts';
import { cleanUp } from '../support/clean-up.ts';
import { makeKey, startTestServer } from '../support/harness.ts';
import { makeInstantLimiter } from '../support/instant-limiter.ts';

/** A limiter with its own clock, and a caller that spends as much as it can under the given limits. */
function makeCaller(overrides: Parameters<typeof makeInstantLimiter>[0] = {}) {
  let nowUs = 1_000_000_000;
  const limiter = makeInstantLimiter({ nowUs: () => nowUs, ...overrides });
  const request = (limits: RateLimits | null, project: RateLimits | null = null): Payer => ({
    keyId: 'key_a',
    callerType: 'server',
    category: 'management',
    keyLimits: limits,
    projectLimits: project,
  });
  return {
    wait: (seconds: number) => {
      nowUs += seconds * 1_000_000;
    },
    spendAll(limits: RateLimits | null, project: RateLimits | null = null): number {
      let passed = 0;
      while (passed < 5_000 && limiter.charge(request(limits, project)).allowed) passed += 1;
      return passed;
    },
    denial: (limits: RateLimits | null) => {
      const verdict = limiter.peek(request(limits));
      return verdict.allowed || verdict.impossible ? 0 : verdict.retryAfterMs;
    },
  };
}

const management = (rate: number, burst: number): RateLimits => ({
  management: { requests: { rate, burst } },
});

describe("a key's own limits", () => {
  it('take precedence over its project’s, which take precedence over the installation’s', () => {
    const installation = { overrides: { management: { rate: 1, burst: 5 } } };
    assert.equal(makeCaller(installation).spendAll(null), 5);
    assert.equal(makeCaller(installation).spendAll(null, management(1, 7)), 7);
    assert.equal(makeCaller(installation).spendAll(management(1, 9), management(1, 7)), 9);
    assert.equal(makeCaller(installation).spendAll({ analytics: {} }, management(1, 7)), 7, 'absent parts');
  });

  it('cannot restore a limit that the installation turned off', () => {
    assert.equal(makeCaller({ overrides: { management: 'off' } }).spendAll(management(1, 2)), 5_000);
  });

  it('are ignored when they are invalid', () => {
    assert.equal(makeCaller().spendAll(management(-1, 2)), 60);
  });

  it('apply from the next call on', () => {
    const caller = makeCaller();
    assert.equal(caller.spendAll(management(1, 10)), 10);
    assert.equal(caller.spendAll(management(1, 25)), 15, 'raised: what is new, not a second burst');
    assert.equal(caller.spendAll(management(1, 5)), 0, 'lowered');
  });

  it('give no second burst when only the rate changes', () => {
    for (const [before, next] of [
      [100, 1],
      [1, 100],
      [3, 7],
    ] as const) {
      const caller = makeCaller();
      assert.equal(caller.spendAll(management(before, 500)), 500);
      assert.equal(caller.spendAll(management(next, 500)), 0, `${before} to ${next} a second`);
      caller.wait(4);
      assert.equal(caller.spendAll(management(next, 500)), Math.min(500, 4 * next), 'flows at the new rate');
    }
  });

  it('lock callers out no longer than the new burst takes to refill', () => {
    const caller = makeCaller();
    assert.equal(caller.spendAll(management(0.1, 1_000)), 1_000);
    assert.ok(caller.denial(management(10, 20)) <= 100, 'one unit at the new rate');
    caller.wait(2);
    assert.equal(caller.spendAll(management(10, 20)), 20);
  });

  it('leave the other parts to the project, whose limits may change', () => {
    const own: RateLimits = { analytics: { requests: { rate: 1, burst: 3 } } };
    const caller = makeCaller();
    assert.equal(caller.spendAll(own, management(1, 7)), 7);
    assert.equal(caller.spendAll(own, management(1, 9)), 2);
    assert.equal(caller.spendAll(own, null), 51);
  });

  it('keep what was spent when they are removed and restored', () => {
    const caller = makeCaller();
    assert.equal(caller.spendAll(management(1, 10)), 10);
    assert.equal(caller.spendAll(null), 50);
    assert.equal(caller.spendAll(management(1, 10)), 0);
  });
});

describe('over HTTP', async () => {
  const api = await startTestServer({ APPFLOW_LIMIT_MANAGEMENT: '1000/1000' }, { nowUs: () => 1_000_000 });
  const { server_key } = api.project;
  const limits = (burst: number) => ({ management: { requests: { rate: 1, burst } } });
  const spendAll = async (key: string) => {
    for (let passed = 0; ; passed += 1) {
      const { status } = await api.call('GET', '/v1/project', { key });
      if (status === 429) return passed;
      assert.equal(status, 200);
    }
  };

  it('a patched limit applies to the very next call', async () => {
    const key = await makeKey(api, { type: 'server', rate_limits: limits(3) });
    assert.equal(await spendAll(key.key), 3);
    const patch = (body: object) => api.call('PATCH', `/v1/api-keys/${key.id}`, { key: server_key, body });
    assert.equal((await patch({ rate_limits: limits(5) })).status, 200);
    assert.equal(await spendAll(key.key), 2);
    assert.equal((await patch({ rate_limits: null })).status, 200);
    assert.equal((await api.call('GET', '/v1/project', { key: key.key })).status, 200);
  });

  it('a project’s limit applies to keys without their own', async () => {
    const key = await makeKey(api, { type: 'server' });
    // Written as if by another process: the change applies immediately all the same.
    const services = await openControlServices(api.config);
    cleanUp(() => services.close());
    const patch = (rateLimits: unknown) =>
      services.control.write(NO_CALLER, async ({ tx, revision }) => {
        const rate_limits = rateLimits === null ? null : JSON.stringify(rateLimits);
        await tx
          .updateTable('projects')
          .set({ rate_limits, revision })
          .where('id', '=', api.project.project_id)
          .execute();
      });
    await patch(limits(20));
    const answer = await api.call('GET', '/v1/project', { key: key.key });
    assert.match(answer.headers.get('ratelimit-policy') ?? '', /"management";q=20/);
    await patch(null);
    const later = await api.call('GET', '/v1/project', { key: key.key });
    assert.match(later.headers.get('ratelimit-policy') ?? '', /"management";q=1000/);
  });
});
