import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { startTestServer } from '../support/harness.ts';
import { parseAnswer, sendRaw } from '../support/raw-http.ts';

const api = await startTestServer();
const { server_key: key, app_id } = api.project;

const send = async (line: string, headers: string[], body = '') =>
  parseAnswer(
    await sendRaw(api.url, `${[line, ...headers, 'Connection: close', '', ''].join('\r\n')}${body}`),
  );

describe('a request with a whole URL as its target', () => {
  it('is served like one with a path, also when its method is not possible there', async () => {
    const authorization = `Authorization: Bearer ${key}`;
    const url = 'http://x/v1/events';
    assert.equal((await send(`GET ${url}?limit=1 HTTP/1.1`, ['Host: x', authorization])).status, 200);
    const refused = await send(`DELETE ${url}?limit=1 HTTP/1.1`, ['Host: x', authorization]);
    assert.deepEqual([refused.status, refused.headers.get('allow')], [405, 'POST, GET, HEAD']);
    assert.equal((await send('DELETE http://x/nothing HTTP/1.1', ['Host: x'])).status, 404);
  });
});

describe('a Host header', () => {
  it('must be there once in HTTP/1.1', async () => {
    for (const headers of [[], ['Host: x', 'Host: x'], ['Host: x', 'host: y']]) {
      const answer = await send('GET /healthz HTTP/1.1', headers);
      assert.deepEqual([answer.status, answer.body.code], [400, 'invalid_encoding'], String(headers));
    }
    assert.equal((await send('GET /healthz HTTP/1.0', [])).status, 200);
  });

  it('must name a host', async () => {
    for (const host of [
      'a b/@',
      'a/b',
      'user@host',
      'a:b',
      'a:80:80',
      '[::1',
      '[x]',
      'a?b',
      'a#b',
      'a\\b',
      'ä',
    ]) {
      const answer = await send('GET /healthz HTTP/1.1', [`Host: ${host}`]);
      assert.deepEqual([answer.status, answer.body.code], [400, 'invalid_encoding'], host);
    }
    for (const host of [
      'a',
      'a.example.com:443',
      '127.0.0.1:80',
      '[::1]',
      '[::1]:80',
      'under_score',
      'a:',
      '',
    ])
      assert.equal((await send('GET /healthz HTTP/1.1', [`Host: ${host}`])).status, 200, host);
  });
});

describe('a body that starts with a byte order mark', () => {
  const text = (events: number) =>
    JSON.stringify({
      app_id,
      events: Array.from({ length: events }, (_, index) => ({
        event_name: 'opened',
        app_user_id: `u${index}`,
        properties: { filling: 'x'.repeat(900) },
      })),
    });

  for (const events of [1, 900])
    it(`is accepted (${events} events)`, async () => {
      const body = Buffer.from(`\ufeff${text(events)}`);
      const answer = await fetch(`${api.url}/v1/events`, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        body,
      });
      assert.equal(answer.status, 200);
      const { accepted } = (await answer.json()) as { accepted: number };
      assert.equal(accepted, events);
    });

  it('is empty if there is nothing else', async () => {
    const body = '\ufeff';
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
    const answer = await fetch(`${api.url}/v1/events`, { method: 'POST', headers, body });
    assert.equal(answer.status, 400);
    assert.match(await answer.text(), /The body is empty/);
  });
});
