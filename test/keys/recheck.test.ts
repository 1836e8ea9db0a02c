import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { CLI_ACTOR, CLI_REQUESTER } from '../../src/api/caller.ts';
import { revokeKey, storeRevocation } from '../../src/keys/revoke.ts';
import { MINUTE_MS } from '../../src/lib/durations.ts';
import { startSlowServer } from '../support/slow-server.ts';

const { api, clock, project, limiter, services, elsewhere, sendSlowly, sendWhileLocked, manage, readState } =
  await startSlowServer();
const { app_id, project_id } = project;

type Made = { id: string; key: string };

const makeKey = (fields: object = {}): Promise<Made> =>
  manage('POST', '/v1/api-keys', { name: 'Slow', type: 'server', ...fields });
const patch = (body: object) => (key: Made) => manage('PATCH', `/v1/api-keys/${key.id}`, body);

const headersOf = ({ key }: Made) => ({ authorization: `Bearer ${key}` });

const CHANGES: [what: string, code: string, change: (key: Made) => Promise<unknown>][] = [
  [
    'is revoked as leaked',
    'api_key_revoked',
    ({ id }) => manage('DELETE', `/v1/api-keys/${id}?reason=leaked`),
  ],
  [
    'is revoked by another process',
    'api_key_revoked',
    async ({ id }) => {
      await revokeKey(elsewhere, { id, projectId: project_id }, 'leaked', CLI_REQUESTER);
    },
  ],
  ['is disabled', 'api_key_disabled', patch({ disabled: true })],
  ['expires', 'api_key_expired', async () => clock.advance(MINUTE_MS)],
  ['loses the scope', 'insufficient_scope', patch({ scopes: ['apps:read'] })],
  ['is restricted to other IP addresses', 'ip_not_allowed', patch({ ip_allowlist: ['203.0.113.1'] })],
];

const target = await makeKey();
const event = { event_id: 'late', event_name: 'opened', app_user_id: 'late' };
const CALLS: [what: string, method: string, path: string, body: object][] = [
  ['make a key', 'POST', '/v1/api-keys', { name: 'Late', type: 'client' }],
  ['rotate a key', 'POST', `/v1/api-keys/${target.id}/rotate`, { grace_seconds: 5 }],
  ['change a key', 'PATCH', `/v1/api-keys/${target.id}`, { name: 'Late' }],
  ['store events', 'POST', '/v1/events', { app_id, events: [event] }],
];

const makeExpiringKey = () => makeKey({ expires_at: new Date(clock.now() + MINUTE_MS).toISOString() });

describe('rechecking a key after its body was read', () => {
  for (const [what, code, change] of CHANGES) {
    for (const [does, method, path, body] of CALLS) {
      it(`does not ${does} if the key ${what} while the body is read`, async () => {
        // Without an expiry, so that the key has all permissions, except in the case that tests the expiry.
        const key = code === 'api_key_expired' ? await makeExpiringKey() : await makeKey();
        const before = await readState(key.id);
        const answer = await sendSlowly({ method, path, body, headers: headersOf(key) }, () => change(key));
        assert.equal(answer.body.code, code, answer.text);
        assert.ok([401, 403].includes(answer.status));
        if (code !== 'ip_not_allowed') assert.ok(answer.headers.has('www-authenticate'));
        assert.deepEqual(await readState(key.id), before);
      });
    }
  }

  it('stores no events for an app that was deleted or that the key lost while the body was read', async () => {
    const app = await manage('POST', '/v1/apps', { name: 'Other', platform: 'web' });
    const key = await makeKey({ type: 'client' });
    const call = {
      method: 'POST',
      path: '/v1/events',
      body: { app_id: app.id, events: [event] },
      headers: headersOf(key),
    };
    const narrowed = await sendSlowly(call, () => patch({ app_ids: [app_id] })(key));
    assert.deepEqual([narrowed.status, narrowed.body.code], [403, 'app_not_allowed']);
    await patch({ app_ids: null })(key);
    const gone = await sendSlowly(call, () => manage('DELETE', `/v1/apps/${app.id}`));
    assert.deepEqual([gone.status, gone.body.code], [404, 'not_found']);
    assert.equal((await readState()).events, 0);
  });

  it('creates no key for more apps than the key has when the body is read', async () => {
    const key = await makeKey();
    const [, method, path] = CALLS[0] ?? assert.fail();
    const body = { name: 'Late', type: 'client' };
    const answer = await sendSlowly({ method, path, body, headers: headersOf(key) }, () =>
      patch({ app_ids: [app_id] })(key),
    );
    assert.deepEqual([answer.status, answer.body.code], [403, 'exceeds_own_permissions']);
  });

  it("accepts a request if the key was only renamed or rotated meanwhile, until the key's last millisecond", async () => {
    const key = await makeExpiringKey();
    const body = { app_id, events: [] };
    const answer = await sendSlowly(
      { method: 'POST', path: '/v1/events', body, headers: headersOf(key) },
      async () => {
        await patch({ name: 'Renamed' })(key);
        await manage('POST', `/v1/api-keys/${key.id}/rotate`, { grace_seconds: 600 });
        clock.advance(MINUTE_MS - 1);
      },
    );
    assert.equal(answer.status, 200, answer.text);
  });

  it('counts a failed recheck among the failed authentications', async () => {
    const key = await makeKey();
    const [, method, path, body] = CALLS[0] ?? assert.fail();
    const countRevoked = () => services.failures.totals().get('api_key_revoked') ?? 0;
    const before = countRevoked();
    await sendSlowly({ method, path, body, headers: headersOf(key) }, () =>
      manage('DELETE', `/v1/api-keys/${key.id}`),
    );
    assert.equal(countRevoked(), before + 1);
  });
});

describe('rechecking a key that waits for a slot', () => {
  for (const [what, code, change] of CHANGES) {
    it(`rejects a waiting request if the key ${what} meanwhile, and frees its slot`, async () => {
      const expires_at = new Date(clock.now() + MINUTE_MS).toISOString();
      const rate_limits = { analytics: { in_flight: 1 } };
      const key = await makeKey({ type: 'read_only', expires_at, rate_limits });
      const signal = () => new AbortController().signal;
      const payer = {
        keyId: key.id,
        callerType: 'read_only',
        category: 'analytics',
        keyLimits: rate_limits,
      } as const;
      const slot = await limiter.enter(payer, { signal });
      assert.ok(slot.allowed);
      const path = `/v1/analytics/daily?app_id=${app_id}&days=1`;
      const waiting = api.call('GET', path, { key: key.key });
      while (limiter.countInFlight().waiting === 0) await turn();
      // A read-only key cannot have the scope that the other keys lose.
      await (code === 'insufficient_scope' ? patch({ scopes: ['apps:read'] })(key) : change(key));
      // Changes by another process are seen in the next turn of the event loop.
      await turn();
      slot.release();
      const { status, body } = await waiting;
      assert.equal(body.code, code, String(status));
      assert.deepEqual(limiter.countInFlight(), { running: 0, waiting: 0 });
    });
  }
});

describe('rechecking a key whose write waits for another process', async () => {
  const spare = await manage('POST', '/v1/apps', { name: 'Spare', platform: 'web' });
  const VERBS: [what: string, method: string, path: (target: Made) => string, body?: object][] = [
    ['creates no key', 'POST', () => '/v1/api-keys', { name: 'Late', type: 'client' }],
    ['rotates no key', 'POST', ({ id }) => `/v1/api-keys/${id}/rotate`],
    ['changes no key', 'PATCH', ({ id }) => `/v1/api-keys/${id}`, { name: 'Late' }],
    ['restores no key', 'POST', ({ id }) => `/v1/api-keys/${id}/restore`],
    ['revokes no key', 'DELETE', ({ id }) => `/v1/api-keys/${id}`],
    ['ends no grace period', 'POST', ({ id }) => `/v1/api-keys/${id}/end-grace`],
    ['does not revoke itself', 'POST', () => '/v1/api-keys/self/revoke'],
    ['creates no app', 'POST', () => '/v1/apps', { name: 'Late', platform: 'ios' }],
    ['changes no app', 'PATCH', () => `/v1/apps/${spare.id}`, { name: 'Late' }],
    ['deletes no app', 'DELETE', () => `/v1/apps/${spare.id}`],
    ['does not change the project', 'PATCH', () => '/v1/project', { name: 'Late' }],
  ];

  for (const [what, method, pathOf, body] of VERBS) {
    it(`${what} if another process revokes the calling key while the write waits`, async () => {
      const [caller, kept] = [await makeKey(), await makeKey()];
      if (what.startsWith('restores')) await manage('DELETE', `/v1/api-keys/${kept.id}`);
      const before = await readState(caller.id);
      const sent = body === undefined ? {} : { body };
      const answer = await sendWhileLocked(
        (write) => {
          const revocation = { reason: 'leaked', actor: CLI_ACTOR } as const;
          return storeRevocation(elsewhere, write, { id: caller.id, projectId: project_id }, revocation);
        },
        () => api.call(method, pathOf(kept), { key: caller.key, ...sent }),
      );
      assert.deepEqual([answer.status, answer.body.code], [401, 'api_key_revoked'], answer.text);
      assert.deepEqual(await readState(caller.id), before);
    });
  }

  it('creates no app if another process restricts the calling key to some apps while the write waits', async () => {
    const caller = await makeKey();
    const before = await readState();
    const answer = await sendWhileLocked(
      ({ tx, revision }) =>
        tx
          .updateTable('api_keys')
          .set({ app_ids: JSON.stringify([app_id]), revision })
          .where('id', '=', caller.id)
          .execute(),
      () => api.call('POST', '/v1/apps', { key: caller.key, body: { name: 'Late', platform: 'ios' } }),
    );
    assert.deepEqual([answer.status, answer.body.code], [403, 'app_not_allowed'], answer.text);
    assert.deepEqual(await readState(), before);
  });
});
