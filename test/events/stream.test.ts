import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Reader } from '../support/event-stream.ts';
import { idsOf, type SentEvent, startStreamServer } from './stream-server.ts';

const server = await startStreamServer();
const { api, mine, theirs, otherApp, open, send, makeEvent, makeKey, manage, untilOpen } = server;
const { server_key, client_key, app_id } = mine;
describe('GET /v1/events/stream', () => {
  it('sends an event less than a second after it was acknowledged, in the same form as search', async () => {
    const reader = await open();
    assert.equal(reader.status, 200);
    assert.equal(reader.headers['content-type'], 'text/event-stream');
    assert.equal(reader.headers['cache-control'], 'no-store');
    const odd = makeEvent({
      session_id: 's1',
      timestamp: '2026-11-20T10:00:00.123Z',
      app_user_id: '日本 🙂\n\ndata: forged',
      properties: { revenue: '9.900', currency: 'EUR', nested: { 'a\nb': [1.5, null, '\ud800'] } },
      context: { platform: 'ios', country: 'DE', locale: 'de\n\ndata: forged' },
    });
    await send([odd, makeEvent({ app_user_id: 'u2' })], client_key);
    const acknowledgedAt = performance.now();
    const messages = await reader.events(2);
    for (const { at } of messages) assert.ok(at - acknowledgedAt < 1_000, `${at - acknowledgedAt} ms`);
    for (const { data } of messages) {
      const { body } = await api.call('GET', `/v1/events?event_id=${data.event_id}`, { key: server_key });
      assert.deepEqual(data, body.data[0]);
    }
  });

  it('sends each event once and in receive order, even if batches repeat and event times go back and forth', async () => {
    const reader = await open();
    const batches = Array.from({ length: 20 }, (_, batch) => [
      makeEvent({ timestamp: new Date(Date.UTC(2026, 10, 20 - batch)).toISOString() }),
      makeEvent({ timestamp: new Date(Date.UTC(2026, 10, 20 - batch, 1)).toISOString() }),
    ]);
    for (const batch of batches) {
      await send(batch);
      await send(batch);
    }
    assert.deepEqual(
      idsOf(await reader.events(40)),
      batches.flat().map(({ event_id }) => event_id),
    );
    const last = makeEvent();
    await send([last]);
    assert.deepEqual(idsOf(await reader.events(1)), [last.event_id]);
  });

  it('resumes after the last received message without gap or repetition, wherever the connection broke', async () => {
    const reader = await open();
    // In one request, so that several events share a block, with equal and different times.
    const time = '2026-11-20T00:00:00Z';
    const batch = [0, 1, 2].map(() => makeEvent({ timestamp: time }));
    const older = makeEvent({ timestamp: '2026-11-19T00:00:00Z' });
    await send([...batch, older]);
    await send([makeEvent()]);
    const messages = await reader.events(5);
    reader.close();
    const last = makeEvent();
    await send([last]);
    const all = [...idsOf(messages), last.event_id];
    for (const [index, { id }] of messages.entries()) {
      const again = await open({ lastEventId: id });
      assert.deepEqual(idsOf(await again.events(all.length - index - 1)), all.slice(index + 1));
      again.close();
    }
  });

  it('resumes from its start when the connection broke before the first event', async () => {
    const reader = await open();
    const waiting = reader.next().catch(() => undefined);
    while (reader.lastId() === '') await new Promise(setImmediate);
    reader.close();
    await waiting;
    const missed = makeEvent();
    await send([missed]);
    const again = await open({ lastEventId: reader.lastId() });
    assert.deepEqual(idsOf(await again.events(1)), [missed.event_id]);
  });

  it('loses and repeats nothing when it starts during a flood of events', async () => {
    const first = await open();
    await send([makeEvent()]);
    await first.events(1);
    first.close();
    const all: string[] = [];
    let isFlooding = true;
    const flood = (async () => {
      while (isFlooding) {
        const batch = Array.from({ length: 40 }, () => makeEvent());
        all.push(...batch.map(({ event_id }) => event_id));
        await send(batch);
      }
    })();
    const readers: { reader: Reader; seen: string[] }[] = [];
    for (let count = 0; count < 4; count += 1) {
      const reader = await open({ lastEventId: first.lastId() });
      readers.push({ reader, seen: idsOf(await reader.events(50)) });
    }
    isFlooding = false;
    await flood;
    for (const { reader, seen } of readers) {
      const rest = await reader.events(all.length - seen.length);
      assert.deepEqual([...seen, ...idsOf(rest)], all);
    }
  });

  it('sends only events that match the filters, live and from the store', async () => {
    const start = await open();
    const opening = start.next();
    await send([makeEvent()]);
    await opening;
    const lastEventId = start.lastId();
    start.close();
    const a = makeEvent({ event_name: 'sale', app_user_id: 'ann' });
    const b = makeEvent({ event_name: 'sale', app_user_id: 'bob' });
    const c = makeEvent({ event_name: 'seen', app_user_id: 'ann' });
    await send([a, b, c]);
    const d = makeEvent({ event_name: 'sale', app_user_id: 'ann' });
    await send([d], server_key, otherApp.id);
    const cases: [query: string, events: SentEvent[]][] = [
      ['event_name=sale', [a, b, d]],
      ['event_name=sale&event_name=seen&app_user_id=ann', [a, c, d]],
      [`app_id=${app_id}&app_user_id=ann`, [a, c]],
      [`app_id=${otherApp.id}`, [d]],
    ];
    const readers: Reader[] = [];
    for (const [query, events] of cases) {
      const reader = await open({ query, lastEventId });
      const ids = events.map(({ event_id }) => event_id);
      assert.deepEqual(idsOf(await reader.events(ids.length)), ids, query);
      readers.push(reader);
    }
    const again = (event: SentEvent) => ({ ...event, event_id: `${event.event_id}-again` });
    await send([a, b, c].map(again));
    await send([d].map(again), server_key, otherApp.id);
    for (const [index, [query, events]] of cases.entries()) {
      const ids = events.map((event) => again(event).event_id);
      assert.deepEqual(idsOf((await readers[index]?.events(ids.length)) ?? []), ids, query);
      readers[index]?.close();
    }
  });

  it('sends a key restricted to an app only its events, and another project none', async () => {
    const narrow = await makeKey({ app_ids: [otherApp.id] });
    const [mine, foreign] = await Promise.all([open({}, narrow.key), open({}, theirs.server_key)]);
    await send([makeEvent()]);
    const [seen, own] = [makeEvent(), makeEvent()];
    await send([seen], server_key, otherApp.id);
    await send([own], theirs.server_key);
    assert.deepEqual(idsOf(await mine.events(1)), [seen.event_id]);
    assert.deepEqual(idsOf(await foreign.events(1)), [own.event_id]);
    mine.close();
    foreign.close();
  });

  it('sends a key for all apps the events of an app created later', async () => {
    const reader = await open();
    const late: { id: string } = await manage('POST', '/v1/apps', { name: 'Late', platform: 'ios' });
    const event = makeEvent();
    await send([event], server_key, late.id);
    assert.deepEqual(idsOf(await reader.events(1)), [event.event_id]);
  });

  it('starts at an id that reveals nothing about the events of other projects', async () => {
    const begin = async () => {
      const reader = await open();
      const waiting = reader.next().catch(() => undefined);
      while (reader.lastId() === '') await new Promise(setImmediate);
      reader.close();
      await waiting;
      return reader.lastId();
    };
    const before = await begin();
    await send([makeEvent()], theirs.server_key);
    assert.equal(await begin(), before);
    await send([makeEvent()]);
    assert.notEqual(await begin(), before);
  });

  it('rejects a Last-Event-ID that no stream sent', async () => {
    for (const id of [
      'x',
      Buffer.from('["a"]').toString('base64url'),
      Buffer.from('[1,2]').toString('base64url'),
    ]) {
      const headers = { 'last-event-id': id };
      const { status, body } = await api.call('GET', '/v1/events/stream', { key: server_key, headers });
      assert.deepEqual([status, body.errors?.[0].field], [422, 'Last-Event-ID']);
    }
  });

  it('answers HEAD without opening a stream', async () => {
    const headers = { authorization: `Bearer ${server_key}` };
    const response = await fetch(`${api.url}/v1/events/stream`, { method: 'HEAD', headers });
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('content-type'), 'text/event-stream');
    await untilOpen(0);
  });
});

describe('the streams of one key', () => {
  it('are limited to 5: the 6th is refused immediately, and none of them delays a query', async () => {
    await untilOpen(0);
    const { key } = await makeKey();
    const readers = await Promise.all([1, 2, 3, 4, 5].map(() => open({}, key)));
    const denied = await api.call('GET', '/v1/events/stream', { key });
    assert.deepEqual([denied.status, denied.body.code], [429, 'rate_limited']);
    assert.match(denied.headers.get('retry-after') ?? '', /^[1-9]\d*$/);
    const queries = await Promise.all([1, 2, 3, 4, 5].map(() => api.call('GET', '/v1/events', { key })));
    assert.deepEqual(
      queries.map(({ status }) => status),
      Array(5).fill(200),
    );
    readers[0]?.close();
    await untilOpen(4);
    readers.push(await open({}, key));
    for (const reader of readers) reader.close();
    await untilOpen(0);
  });
});
