import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { initProject, startTestServer } from '../support/harness.ts';

const { call, project, config } = await startTestServer();
const key = project.server_key;
const T0 = Date.UTC(2026, 10, 20, 12);

const at = (minutes: number) => new Date(T0 + minutes * 60_000).toISOString();

const EVENTS = [
  { event_id: 'a', event_name: 'app_open', app_user_id: 'u1', timestamp: at(0), properties: {} },
  {
    event_id: 'b',
    event_name: 'purchase',
    app_user_id: 'u1',
    timestamp: at(1),
    properties: { plan: 'pro', files: 2 },
  },
  {
    event_id: 'c',
    event_name: 'purchase',
    app_user_id: 'u2',
    timestamp: at(1),
    properties: { plan: '', files: '2' },
  },
  {
    event_id: 'd',
    event_name: 'app_open',
    app_user_id: 'u2',
    timestamp: at(2),
    session_id: 's1',
    properties: { plan: null, on: true, level: 'inf' },
    context: { platform: 'android', country: 'DE', app_version: '2.4.0' },
  },
];

async function find(query: string): Promise<string[]> {
  const { status, body } = await call('GET', `/v1/events?${query}`, { key });
  assert.equal(status, 200, JSON.stringify(body));
  return body.data.map((event: { event_id: string }) => event.event_id);
}

before(async () => {
  const { body } = await call('POST', '/v1/events', { key, body: { events: EVENTS } });
  assert.equal(body.accepted, EVENTS.length);
});

describe('GET /v1/events', () => {
  it('returns the newest events first, and events of the same time by id', async () => {
    assert.deepEqual(await find(''), ['d', 'c', 'b', 'a']);
  });

  it('filters by each field', async () => {
    assert.deepEqual(await find('app_user_id=u1'), ['b', 'a']);
    assert.deepEqual(await find('event_name=purchase'), ['c', 'b']);
    assert.deepEqual(await find('event_name=purchase&event_name=app_open'), ['d', 'c', 'b', 'a']);
    assert.deepEqual(await find('event_id=c'), ['c']);
    assert.deepEqual(await find('session_id=s1'), ['d']);
    assert.deepEqual(await find(`app_id=${project.app_id}&app_user_id=u2`), ['d', 'c']);
    assert.deepEqual(await find('platform=android'), ['d']);
    assert.deepEqual(await find('platform=ios'), ['c', 'b', 'a']);
    assert.deepEqual(await find('country=DE'), ['d']);
    assert.deepEqual(await find('app_version=2.4.0'), ['d']);
    assert.deepEqual(await find('platform=android&country=FR'), []);
    assert.deepEqual(await find('platform=ANDROID'), []);
  });

  it('includes events at from and excludes events at to', async () => {
    assert.deepEqual(await find(`from=${at(1)}`), ['d', 'c', 'b']);
    assert.deepEqual(await find(`to=${at(1)}`), ['a']);
    assert.deepEqual(await find(`from=${at(0)}&to=${at(2)}`), ['c', 'b', 'a']);
    const { status } = await call('GET', `/v1/events?from=${at(1)}&to=${at(1)}`, { key });
    assert.equal(status, 422);
  });

  it('compares a property by each operator', async () => {
    assert.deepEqual(await find('where=plan:is:pro'), ['b']);
    // The opposite of `is`: events without the property too.
    assert.deepEqual(await find('where=plan:is_not:pro'), ['d', 'c', 'a']);
    assert.deepEqual(await find('where=plan:contains:r'), ['b']);
    assert.deepEqual(await find('where=plan:contains:R'), []);
    assert.deepEqual(await find('where=plan:exists'), ['d', 'c', 'b']);
    assert.deepEqual(await find('where=missing:exists'), []);
    assert.deepEqual(await find('where=files:gt:1.9'), ['c', 'b']);
    assert.deepEqual(await find('where=files:gt:2'), []);
    assert.deepEqual(await find('where=files:lt:2.5'), ['c', 'b']);
    assert.deepEqual(await find('where=files:lt:2'), []);
    // Text that is no number is neither greater nor less.
    assert.deepEqual(await find('where=plan:lt:9e9'), []);
    assert.deepEqual(await find('where=level:gt:1'), []);
    assert.deepEqual(await find('where=plan:exists&where=files:gt:-1&property=plan:pro'), ['b']);
  });

  it('rejects conditions without a known operator or with a wrong value', async () => {
    for (const where of [
      'plan',
      'plan:is',
      'plan:like:x',
      'plan:exists:x',
      'plan:contains:',
      'files:gt:',
      'files:lt:two',
    ]) {
      const { status, body } = await call('GET', `/v1/events?where=a:is:b&where=${where}`, { key });
      assert.deepEqual([status, body.errors?.[0].field], [422, 'where.1'], where);
    }
  });

  it('finds a property by its string or its JSON, and never matches an absent one', async () => {
    assert.deepEqual(await find('property=plan:pro'), ['b']);
    assert.deepEqual(await find('property=files:2'), ['c', 'b']);
    assert.deepEqual(await find('property=on:true'), ['d']);
    assert.deepEqual(await find('property=plan:'), ['c']);
    assert.deepEqual(await find('property=plan:null'), ['d']);
    assert.deepEqual(await find('property=missing:'), []);
    assert.deepEqual(await find('property=plan:pro&property=files:3'), []);
  });

  it('pages through everything once, whatever the page size', async () => {
    for (const limit of [1, 2, 3, 4]) {
      const seen: string[] = [];
      let cursor = '';
      do {
        const { body } = await call('GET', `/v1/events?limit=${limit}${cursor}`, { key });
        seen.push(...body.data.map((event: { event_id: string }) => event.event_id));
        cursor = body.next_cursor === null ? '' : `&cursor=${body.next_cursor}`;
      } while (cursor !== '');
      assert.deepEqual(seen, ['d', 'c', 'b', 'a']);
    }
  });

  it("returns all fields of an event as they were sent, and the app's platform", async () => {
    const { body } = await call('GET', '/v1/events?event_id=b', { key });
    const { received_at, ...event } = body.data[0];
    assert.ok(Date.parse(received_at) > T0);
    assert.deepEqual(event, {
      event_id: 'b',
      app_id: project.app_id,
      event_name: 'purchase',
      app_user_id: 'u1',
      session_id: null,
      timestamp: at(1),
      properties: { plan: 'pro', files: 2 },
      context: { platform: 'ios' },
      revenue: null,
      currency: null,
      revenue_verified: null,
    });
  });

  it('returns nothing to another project', async () => {
    const other = await initProject(config);
    const { body } = await call('GET', '/v1/events', { key: other.server_key });
    assert.deepEqual(body, { data: [], next_cursor: null });
  });

  it('rejects a cursor that it did not create', async () => {
    for (const cursor of ['x', Buffer.from('["a"]').toString('base64url')]) {
      const { status, body } = await call('GET', `/v1/events?cursor=${cursor}`, { key });
      assert.equal(status, 422);
      assert.equal(body.errors[0].field, 'cursor');
    }
  });

  it('finds an event by its ID whatever its time, and nothing by an unknown one', async () => {
    const events = [
      { event_id: 'old', event_name: 'opened', app_user_id: 'u9', timestamp: '2001-02-03T04:05:06Z' },
      { event_id: 'now', event_name: 'opened', app_user_id: 'u9' },
    ];
    for (const [name, keyOf] of [
      ['server', key],
      ['client', project.client_key],
    ] as const) {
      const { body } = await call('POST', '/v1/events', { key: keyOf, body: { events } });
      assert.equal(body.accepted, 2, name);
    }
    assert.deepEqual(await find('event_id=old'), ['old', 'old']);
    assert.deepEqual(await find('event_id=now'), ['now', 'now']);
    assert.deepEqual(await find('event_id=old&from=2001-02-03T04:05:07Z'), []);
    assert.deepEqual(await find('event_id=old&event_name=closed'), []);
    assert.deepEqual(await find('event_id=unknown'), []);
    const { body } = await call('GET', '/v1/events?event_id=old&limit=1', { key });
    const next = await call('GET', `/v1/events?event_id=old&limit=1&cursor=${body.next_cursor}`, { key });
    assert.deepEqual([body.data.length, next.body.data.length, next.body.next_cursor], [1, 1, null]);
  });
});
