import assert from 'node:assert/strict';
import { it } from 'node:test';
import { PASSWORD } from '../support/browser.ts';
import { startTestServer } from '../support/harness.ts';
import { parseAnswer, sendRaw } from '../support/raw-http.ts';

const { url } = await startTestServer();

async function signInWith(...headers: string[]) {
  const body = JSON.stringify({ email: 'owner@example.com', password: PASSWORD });
  const head = [
    'POST /app/v1/sign-in HTTP/1.1',
    'Host: appflow.example.com',
    ...headers,
    'Content-Type: application/json',
    `Content-Length: ${body.length}`,
    'Connection: close',
  ];
  return parseAnswer(await sendRaw(url, `${head.join('\r\n')}\r\n\r\n${body}`));
}

it('behind a TLS proxy that is not trusted, sign-in says what to configure, whatever the browser sends', async () => {
  for (const page of ['Sec-Fetch-Site: same-origin', 'Origin: https://appflow.example.com']) {
    const { status, body } = await signInWith(page, 'X-Forwarded-Proto: https');
    assert.deepEqual([status, body.code], [403, 'tls_required'], page);
    assert.match(body.detail, /TRUSTED_PROXIES.*APPFLOW_PUBLIC_URL/);
  }
});

it('a page of another site is still rejected as such, and plain HTTP without a proxy as plain HTTP', async () => {
  const foreign = await signInWith('Origin: https://evil.example', 'X-Forwarded-Proto: https');
  assert.deepEqual([foreign.status, foreign.body.code], [403, 'csrf_rejected']);
  const plain = await signInWith('Sec-Fetch-Site: same-origin');
  assert.deepEqual([plain.status, plain.body.code], [403, 'tls_required']);
  assert.doesNotMatch(plain.body.detail, /TRUSTED_PROXIES/);
});
