import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { makeApp, send } from '../analytics/analytics-server.ts';
import type { PlainEvent } from '../analytics/reference.ts';
import { makeClock, makeKey, startTestServer } from '../support/harness.ts';

const clock = makeClock();
clock.set(Date.UTC(2026, 5, 1));
const api = await startTestServer({}, { clock });
const { server_key: key } = api.project;

let last = 0;
const at = (minute: number) => new Date(Date.UTC(2026, 4, 1, 0, minute)).toISOString();
const event = (minute: number, app_user_id: string, part: object = {}): PlainEvent => {
  last += 1;
  return { event_id: `t${last}`, event_name: 'opened', app_user_id, timestamp: at(minute), ...part };
};
const identify = (minute: number, anonymous_id: string, app_user_id: string, part: object = {}) =>
  event(minute, app_user_id, { event_name: '$identify', properties: { anonymous_id, ...part } });

async function get(path: string, query: Record<string, string | number>, status = 200, secret = key) {
  const answer = await api.call('GET', `${path}?${new URLSearchParams(query as Record<string, string>)}`, {
    key: secret,
  });
  assert.equal(answer.status, status, answer.text);
  return answer.body;
}
const profileOf = (appId: string, id: string) =>
  get(`/v1/users/${encodeURIComponent(id)}`, { app_id: appId });
const idsOf = (page: { data: { app_user_id: string }[] }) => page.data.map(({ app_user_id }) => app_user_id);

describe('a profile', () => {
  it('contains the activity, properties and conflicts of all IDs of the person, and any of them leads there', async () => {
    const appId = await makeApp(api);
    await send(
      api,
      [
        event(1, 'anon', { session_id: 's1', context: { country: 'DE' } }),
        event(2, 'anon', { session_id: 's1', event_name: 'buy', properties: { revenue: '5', currency: 'USD' } }),
        identify(3, 'anon', 'ann', { $set: { plan: 'free', n: 2 }, $set_once: { source: 'ad' } }),
        event(4, 'ann', { session_id: 's2', context: { platform: 'web', app_version: '2.0' } }),
        event(5, 'ann', { event_name: 'refund', properties: { revenue: '2', currency: 'USD' } }),
        event(6, 'ann', { event_name: '$set', properties: { $set: { plan: 'pro', n: null }, $set_once: { source: 'x' } } }),
        identify(7, 'anon', 'someone else'),
        event(8, 'someone else'),
      ],
      { appId },
    );
    const expected = {
      app_user_id: 'ann',
      ids: ['ann', 'anon'],
      first_seen: at(1),
      last_seen: at(5),
      events: 4,
      sessions: 2,
      revenue_by_currency: { USD: '3.00' },
      first: { app_version: '2.0', country: 'DE', platform: 'ios' },
      last: { app_version: '2.0', country: 'DE', platform: 'ios' },
      properties: { plan: 'pro', source: 'ad' },
      link_conflicts: 1,
    };
    assert.deepEqual(await profileOf(appId, 'ann'), expected);
    assert.deepEqual(await profileOf(appId, 'anon'), expected);
    assert.equal((await profileOf(appId, 'someone else')).link_conflicts, 0);
  });

  it('is found by IDs with any characters, in the path and in a filter', async () => {
    const appId = await makeApp(api);
    const ids = ['a/b', '100%', '%2F', 'ü 日本', '?x=1&y#z', 'a+b', '🙂'.repeat(64), "o'hara\\", '{id:String}'];
    await send(api, ids.flatMap((id, n) => [event(n, id), identify(100 + n, `anon ${n}/`, id)]), { appId });
    for (const id of ids) {
      assert.equal((await profileOf(appId, id)).app_user_id, id);
      const { data } = await get('/v1/events', { app_id: appId, person: `anon ${ids.indexOf(id)}/` });
      assert.equal(data.length, 2, id);
    }
  });

  it('is a 404 for an unknown ID, and for one that only another project or app knows', async () => {
    const [appId, other] = [await makeApp(api), await makeApp(api)];
    await send(api, [event(1, 'there'), identify(2, 'x', 'there')], { appId: other });
    for (const id of ['nobody', 'there', 'x']) await get(`/v1/users/${id}`, { app_id: appId }, 404);
  });

  it('exists for someone with properties or links only', async () => {
    const appId = await makeApp(api);
    await send(api, [event(1, 'set', { event_name: '$set', properties: { $set: { plan: 'pro' } } }), identify(2, 'from', 'to')], { appId });
    const { events, first_seen, properties } = await profileOf(appId, 'set');
    assert.deepEqual([events, first_seen, properties], [0, null, { plan: 'pro' }]);
    assert.deepEqual((await profileOf(appId, 'from')).ids, ['to', 'from']);
    await send(api, [event(3, 'mark', { event_name: '$session_start' })], { appId });
    assert.equal((await profileOf(appId, 'mark')).events, 0);
  });
});

describe('the list', () => {
  it('has each person once, the latest seen first, page by page, and is searched by any ID', async () => {
    const appId = await makeApp(api);
    const people = Array.from({ length: 7 }, (_, n) => event(n, `p${n}`));
    await send(api, [...people, event(6, 'p0'), event(20, 'anon-a'), identify(21, 'anon-a', 'p3')], { appId });
    const order = ['p3', 'p0', 'p6', 'p5', 'p4', 'p2', 'p1'];
    assert.deepEqual(idsOf(await get('/v1/users', { app_id: appId })), order);
    const found: string[] = [];
    for (let cursor: string | null = ''; cursor !== null; ) {
      const page: { data: { app_user_id: string }[]; next_cursor: string | null } = await get('/v1/users', {
        app_id: appId,
        limit: 3,
        ...(cursor && { cursor }),
      });
      found.push(...idsOf(page));
      cursor = page.next_cursor;
    }
    assert.deepEqual(found, order);
    for (const [search, ids] of [['anon', ['p3']], ['p3', ['p3']], ['p', order], ['3', []], ['P', []]] as const)
      assert.deepEqual(idsOf(await get('/v1/users', { app_id: appId, search })), ids, search);
    await get('/v1/users', { app_id: appId, cursor: 'bm8' }, 422);
  });

  it('filters by the latest platform, country and version, and by user properties', async () => {
    const appId = await makeApp(api);
    await send(
      api,
      [
        event(1, 'moved', { context: { country: 'DE', platform: 'web' } }),
        event(2, 'moved', { context: { country: 'FR', app_version: '2' } }),
        event(1, 'stays', { context: { country: 'DE', app_version: '1' } }),
        event(3, 'anon', { context: { country: 'IT' } }),
        identify(4, 'anon', 'stays', { $set: { plan: 'pro', n: 2, deep: { a: [1] } } }),
        event(5, 'moved', { event_name: '$set', properties: { $set: { plan: 'free', n: '2' } } }),
      ],
      { appId },
    );
    const list = async (query: object) => idsOf(await get('/v1/users', { app_id: appId, ...query })).sort();
    assert.deepEqual(await list({ country: 'DE' }), []);
    assert.deepEqual(await list({ country: 'FR' }), ['moved']);
    assert.deepEqual(await list({ country: 'IT', app_version: '1' }), ['stays']);
    assert.deepEqual(await list({ user_property: 'plan:pro' }), ['stays']);
    assert.deepEqual(await list({ user_property: 'n:2' }), ['moved', 'stays']);
    assert.deepEqual(await list({ user_property: 'deep:{"a":[1]}' }), ['stays']);
    assert.deepEqual(await list({ user_property: 'plan:pro', country: 'FR' }), []);
  });

  it('counts a person once in all apps, by the ID at the end', async () => {
    const [one, two] = [await makeApp(api), await makeApp(api)];
    const reader = await makeKey(api, { type: 'server', scopes: ['users:read'], app_ids: [one, two] });
    await send(api, [event(1, 'a'), identify(2, 'a', 'u', { $set: { plan: 'pro' } })], { appId: one });
    await send(api, [event(3, 'u', { session_id: 's' }), event(4, 'a'), event(5, 'b')], { appId: two });
    const { data } = await get('/v1/users', { app_id: 'all' }, 200, reader.key);
    assert.deepEqual(
      data.map((user: { app_user_id: string; events: number }) => [user.app_user_id, user.events]),
      [['b', 1], ['a', 1], ['u', 2]],
    );
    const of = (id: string) => get(`/v1/users/${id}`, { app_id: 'all' }, 200, reader.key);
    // In the other app, the same ID is a person of its own.
    assert.deepEqual((await of('a')).events, 1);
    const { ids, events, first_seen, last_seen } = await of('u');
    assert.deepEqual([ids, events, first_seen, last_seen], [['u', 'a'], 2, at(1), at(3)]);
    const timeline = await get('/v1/users/u/timeline', { app_id: 'all' }, 200, reader.key);
    assert.deepEqual(timeline.data.map((row: { app_user_id: string }) => row.app_user_id), ['u', 'u', 'a']);
  });

  it('needs users:read, and an app if there are several', async () => {
    const reader = await makeKey(api, { type: 'server', scopes: ['events:read', 'analytics:read'] });
    for (const path of ['/v1/users', '/v1/users/a', '/v1/users/a/timeline']) {
      await get(path, { app_id: 'all' }, 403, reader.key);
      assert.equal((await get(path, {}, 422)).code, 'app_required');
    }
  });
});

describe('a timeline', () => {
  it('has all events of the person, reserved ones included, newest first, page by page', async () => {
    const appId = await makeApp(api);
    const days = (count: number) => count * 24 * 60;
    await send(
      api,
      [
        event(-days(400), 'anon'),
        ...Array.from({ length: 8 }, (_, n) => event(n, n % 2 ? 'anon' : 'u')),
        identify(9, 'anon', 'u'),
        event(10, 'u', { event_name: '$session_end' }),
        event(3, 'other'),
      ],
      { appId },
    );
    const found: { timestamp: string; event_name: string }[] = [];
    for (let cursor: string | null = ''; cursor !== null; ) {
      const page = await get('/v1/users/anon/timeline', { app_id: appId, limit: 4, ...(cursor && { cursor }) });
      found.push(...page.data);
      cursor = page.next_cursor;
    }
    assert.deepEqual(
      found.map(({ timestamp }) => timestamp),
      [10, 9, 7, 6, 5, 4, 3, 2, 1, 0, -days(400)].map(at),
    );
    assert.equal(found[0]?.event_name, '$session_end');
  });
});

describe('events', () => {
  it('are found by person with all IDs, and by app_user_id as sent', async () => {
    const appId = await makeApp(api);
    await send(api, [event(1, 'a'), event(2, 'u'), identify(3, 'a', 'u')], { appId });
    const search = async (query: object) => {
      const { data } = await get('/v1/events', { app_id: appId, ...query });
      return data.map((one: { app_user_id: string }) => one.app_user_id);
    };
    assert.deepEqual(await search({ person: 'a' }), ['u', 'u', 'a']);
    assert.deepEqual(await search({ person: 'u' }), ['u', 'u', 'a']);
    assert.deepEqual(await search({ app_user_id: 'a' }), ['a']);
    assert.deepEqual(await search({ person: 'nobody' }), []);
    const { text } = await api.call('GET', `/v1/events/export?app_id=${appId}&person=a`, { key });
    assert.equal(text.trim().split('\n').length, 3);
  });
});
