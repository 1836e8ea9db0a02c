import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createSecret } from '../../src/directory/secret.ts';
import { makeKey, startTestServer } from '../support/harness.ts';

// Unknown keys are charged to their address on the routes of SDKs as on /v1/events.

const BURST = 3;
const api = await startTestServer({
  APPFLOW_LIMIT_FAILED_AUTH: `0.001/${BURST}`,
  TRUSTED_PROXIES: '127.0.0.1',
});

const basic = (key: string) => ({ authorization: `Basic ${Buffer.from(`${key}:`).toString('base64')}` });

/** Requests with a key, and the statuses for one that is unknown, and for one too many of them. */
const PLACES: Record<string, [(key: string) => [string, string, object], refused: number, limited: number]> =
  {
    '/v1/events': [(key) => ['POST', '/v1/events', { key, body: { events: [] } }], 401, 429],
    'a body of PostHog': [(key) => ['POST', '/batch', { body: { api_key: key, batch: [] } }], 401, 503],
    'a body of Amplitude': [
      (key) => ['POST', '/2/httpapi', { body: { api_key: key, events: [] } }],
      400,
      429,
    ],
    'a header of Segment': [
      (key) => ['POST', '/v1/batch', { headers: basic(key), body: { batch: [] } }],
      401,
      429,
    ],
    "the path of PostHog's settings": [(key) => ['GET', `/array/${key}/config`, {}], 401, 503],
    'the query of RudderStack': [(key) => ['GET', `/sourceConfig?writeKey=${key}`, {}], 401, 429],
  };

it('looks up no more guesses of secret keys in the events of a batch than the limit allows', async () => {
  const headers = { 'x-forwarded-for': nextAddress() };
  const { key } = await makeKey(api, { type: 'client' });
  const leaked = await makeKey(api, { type: 'server' });
  const toBatch = (guesses: number) => {
    const tokens = [...Array.from({ length: guesses }, () => createSecret('server')), leaked.key];
    return { api_key: key, batch: tokens.map((token) => ({ event: 'a', distinct_id: 'u', token })) };
  };
  const works = async () => (await api.call('GET', '/v1/api-keys/self', { key: leaked.key })).status === 200;
  const answer = await api.call('POST', '/batch', { body: toBatch(BURST + 1), headers });
  assert.deepEqual(
    [answer.status, await works()],
    [503, true],
    'it is not treated as leaked: it was never looked up',
  );
  const others = { 'x-forwarded-for': nextAddress() };
  const found = await api.call('POST', '/batch', { body: toBatch(BURST), headers: others });
  assert.deepEqual([found.status, await works()], [401, false]);
});

let addresses = 0;
function nextAddress(): string {
  addresses += 1;
  return `192.0.2.${addresses}`;
}

for (const [place, [toRequest, refused, limited]] of Object.entries(PLACES)) {
  const send = async (key: string, from: string) => {
    const [method, path, options] = toRequest(key);
    const { headers = {}, ...rest } = options as { headers?: Record<string, string> };
    const sent = { ...rest, headers: { ...headers, 'x-forwarded-for': from } };
    return (await api.call(method, path, sent)).status;
  };

  describe(`an unknown key in ${place}`, () => {
    for (const type of ['client', 'server', 'read_only'] as const)
      it(`is charged to its address: ${type}`, async () => {
        const from = nextAddress();
        for (let sent = 0; sent < BURST; sent += 1)
          assert.equal(await send(createSecret(type), from), refused);
        assert.equal(await send(createSecret(type), from), limited);
        assert.equal(
          await send(createSecret(type), nextAddress()),
          refused,
          'other addresses are not charged',
        );
        const { key } = await makeKey(api, { type: 'client' });
        const body = { writeKey: key, batch: [] };
        const answer = await api.call('POST', '/v1/batch', { body, headers: { 'x-forwarded-for': from } });
        assert.equal(answer.status, 200, 'a key that is valid is not refused because of its address');
      });

    it('is not charged if it is malformed', async () => {
      const from = nextAddress();
      for (const key of ['ck_af1_x', 'sk_af1_x', 'nonsense'])
        for (let sent = 0; sent <= BURST; sent += 1) assert.equal(await send(key, from), refused);
    });
  });
}
