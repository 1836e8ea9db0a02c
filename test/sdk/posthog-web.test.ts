import assert from 'node:assert/strict';
import { it } from 'node:test';
import { runInNewContext } from 'node:vm';
import { zstdCompressSync } from 'node:zlib';
import { initProject, makeClock, startTestServer } from '../support/harness.ts';
import { listStoredEvents } from '../support/stored-events.ts';

// What PostHog's SDK for browsers loads, and how it and newer SDKs compress what they send.

const api = await startTestServer({}, { clock: makeClock() });

it('answers a script that has the settings of the key where the SDK looks for them', async () => {
  const { client_key } = await initProject(api.config);
  // Not with `call`: the answer has the key, as it should.
  const answer = await fetch(`${api.url}/array/${client_key}/config.js`);
  assert.deepEqual(
    [answer.status, answer.headers.get('content-type')],
    [200, 'text/javascript; charset=utf-8'],
  );
  const script = await answer.text();
  const { body: config } = await api.call('GET', `/array/${client_key}/config`);
  for (const known of [undefined, { other: { config: {} } }]) {
    const window: Record<string, unknown> = known ? { _POSTHOG_REMOTE_CONFIG: { ...known } } : {};
    runInNewContext(script, { window });
    const { [client_key]: own, ...others } = JSON.parse(JSON.stringify(window._POSTHOG_REMOTE_CONFIG));
    assert.deepEqual(own, { config: { token: client_key, ...config }, siteApps: [] });
    assert.deepEqual(others, known ?? {});
  }
});

it('answers no script for a key that is not valid', async () => {
  const injected = encodeURIComponent('ck_"]=1;alert(1)//');
  for (const key of ['phc_abc', injected]) {
    const { status, headers } = await api.call('GET', `/array/${key}/config.js`);
    assert.equal(status, 401);
    assert.match(headers.get('content-type') ?? '', /^application\/problem\+json/);
  }
});

it('reads bodies that are compressed with zstd, small and large', async () => {
  const { client_key, server_key, app_id } = await initProject(api.config);
  const event = (uuid: string, note: string) => ({
    ...{ event: 'tap', uuid, distinct_id: 'user_1' },
    properties: { note },
  });
  const headers = { 'content-encoding': 'zstd' };
  for (const [id, note] of [
    ['small', 'x'],
    ['large', 'x'.repeat(20_000)],
  ] as const) {
    const events = Array.from({ length: id === 'large' ? 10 : 1 }, (_, index) =>
      event(`${id}-${index}`, note),
    );
    const text = JSON.stringify({ api_key: client_key, batch: events });
    for (const path of ['/batch', '/e/']) {
      const answer = await api.call('POST', path, { body: zstdCompressSync(text), headers });
      assert.equal(answer.status, 200, answer.text);
    }
  }
  assert.equal((await listStoredEvents(api, server_key, app_id)).length, 11);
});

it('refuses what is not zstd, more than 5 MB of it, and zstd on routes that are not for SDKs', async () => {
  const { client_key, server_key } = await initProject(api.config);
  const headers = { 'content-encoding': 'zstd' };
  const send = async (path: string, body: Uint8Array, key?: string) =>
    (await api.call('POST', path, { body, headers, ...(key ? { key } : {}) })).status;
  assert.equal(await send('/batch', Buffer.from('not zstd')), 400);
  assert.equal(await send('/batch', zstdCompressSync(Buffer.alloc(6_000_000))), 413);
  assert.equal(await send('/v1/batch', zstdCompressSync(Buffer.from('{"batch":[]}')), client_key), 200);
  assert.equal(await send('/v1/events', zstdCompressSync(Buffer.from('{"events":[]}')), server_key), 415);
});
