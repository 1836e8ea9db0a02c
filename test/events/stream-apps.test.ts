import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { idsOf, startStreamServer } from './stream-server.ts';

const { api, open, send, makeEvent, makeKey, manage, mine } = await startStreamServer();

describe('a key narrowed to two apps, one of which is deleted', async () => {
  const createApp = async () =>
    (await manage('POST', '/v1/apps', { name: 'App', platform: 'web' })).id as string;
  const [kept, doomed] = [await createApp(), await createApp()];
  const { key } = await makeKey({ app_ids: [kept, doomed] });
  const sendTo = async (appId: string) => {
    const event = makeEvent();
    await send([event], mine.server_key, appId);
    return event.event_id;
  };

  it('streams the other app on, leaves the deleted one out of a resume, and ends with the last one', async () => {
    const reader = await open({}, key);
    const first = await sendTo(doomed);
    assert.deepEqual(idsOf(await reader.events(1)), [first]);
    const position = reader.lastId();
    const missed = [await sendTo(doomed), await sendTo(kept)];
    assert.deepEqual(idsOf(await reader.events(2)), missed);
    await manage('DELETE', `/v1/apps/${doomed}`);
    const next = await sendTo(kept);
    assert.deepEqual(idsOf(await reader.events(1)), [next]);
    const resumed = await open({ lastEventId: position }, key);
    assert.deepEqual(idsOf(await resumed.events(2)), [missed[1], next]);
    await manage('PATCH', `/v1/apps/${doomed}`, { deleted: false });
    const restored = await sendTo(doomed);
    assert.deepEqual(idsOf(await reader.events(1)), [restored]);
    for (const id of [doomed, kept]) await manage('DELETE', `/v1/apps/${id}`);
    for (const stream of [reader, resumed]) {
      let message = await stream.next();
      if (message?.event === 'event') message = await stream.next();
      assert.deepEqual([message?.event, message?.data], ['closed', { code: 'not_found' }]);
    }
  });

  it('searches, exports and counts the other app without naming it', async () => {
    await manage('PATCH', `/v1/apps/${kept}`, { deleted: false });
    const ids = idsOf(
      (await api.call('GET', '/v1/events', { key })).body.data.map((data: unknown) => ({ data })),
    );
    assert.equal(ids.length, 2);
    const { text } = await api.call('GET', '/v1/events?format=ndjson', { key });
    assert.equal(text.trimEnd().split('\n').length, 2);
    const { status, body } = await api.call('GET', '/v1/analytics/breakdown?by=event_name&days=1', { key });
    assert.deepEqual([status, body.data[0]?.events], [200, 2]);
  });
});
