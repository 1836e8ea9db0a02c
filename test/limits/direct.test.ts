import assert from 'node:assert/strict';
import { it } from 'node:test';
import { makeKey, startTestServer } from '../support/harness.ts';

// The configured proxy is on another machine, so headers forwarded from this one are not trusted.
const api = await startTestServer(
  {
    APPFLOW_LIMIT_EVENTS_IP_REQUESTS: '0.1/5',
    TRUSTED_PROXIES: '203.0.113.0/24',
    RATE_LIMIT_HEADERS: 'off',
  },
  { nowUs: () => 1 },
);

it('an address forged by an untrusted peer gets no fresh bucket', async () => {
  const { key } = await makeKey(api, { type: 'client' });
  const statuses: number[] = [];
  for (let hop = 1; hop <= 7; hop += 1) {
    const headers = { 'x-forwarded-for': `198.51.100.${hop}` };
    statuses.push((await api.call('POST', '/v1/events', { key, body: { events: [] }, headers })).status);
  }
  assert.deepEqual(statuses, [200, 200, 200, 200, 200, 429, 429]);
});

it('with RATE_LIMIT_HEADERS=off no response has a RateLimit field, and Retry-After stays', async () => {
  const { key } = await makeKey(api, { type: 'client' });
  for (let round = 1; round <= 6; round += 1) {
    const { status, headers } = await api.call('POST', '/v1/events', { key, body: { events: [] } });
    assert.equal(status, round === 6 ? 429 : 200);
    assert.equal(headers.get('ratelimit'), null);
    assert.equal(headers.get('ratelimit-policy'), null);
    assert.equal(headers.get('retry-after'), round === 6 ? '10' : null);
  }
});
