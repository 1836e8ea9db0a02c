import assert from 'node:assert/strict';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, beforeEach, it } from 'node:test';
import { buildUrl, keepCsrfToken, request, whenSignedOut } from './http.ts';
import { errorMessage, fieldError, Problem } from './problem.ts';
import { confirmStepUp, forgetStepUp, isStepUpWanted, keepStepUp, subscribeStepUp } from './step-up.ts';

type Reply = { status: number; body?: unknown; headers?: Record<string, string> };

const seen: IncomingMessage[] = [];
let replies: Reply[] = [];
const server = createServer((request, response) => {
  seen.push(request);
  request.resume();
  const { status, body, headers = {} } = replies.shift() ?? { status: 204 };
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(typeof body === 'string' ? body : body === undefined ? undefined : JSON.stringify(body));
});
await new Promise<void>((resolve) => {
  server.listen(0, '127.0.0.1', resolve);
});
after(() => server.close());
const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

beforeEach(() => {
  seen.length = 0;
  replies = [];
  keepCsrfToken(undefined);
  forgetStepUp();
});

it('leaves undefined parameters out and repeats lists', () => {
  assert.equal(
    buildUrl('/x', { a: 1, b: undefined, c: ['d', 'e&f'], g: false }),
    '/x?a=1&c=d&c=e%26f&g=false',
  );
  assert.equal(buildUrl('/x'), '/x');
});

it('sends the CSRF token with unsafe requests only', async () => {
  keepCsrfToken('token-1');
  await request('GET', `${base}/a`);
  await request('POST', `${base}/a`, { body: {} });
  await request('DELETE', `${base}/a`);
  assert.deepEqual(
    seen.map(({ headers }) => headers['x-appflow-csrf']),
    [undefined, 'token-1', 'token-1'],
  );
});

it('reads code, field errors and retry delay from a problem document', async () => {
  const errors = [{ field: 'scopes.0', code: 'x', message: 'No such scope.' }];
  const body = {
    status: 422,
    code: 'validation_failed',
    title: 'T',
    detail: 'D',
    request_id: 'req_1',
    errors,
  };
  replies = [{ status: 422, body, headers: { 'retry-after': '3' } }];
  const error = await request('GET', `${base}/a`).catch((thrown: unknown) => thrown);
  assert.ok(error instanceof Problem);
  const { status, code, requestId, retryAfterMs } = error;
  assert.deepEqual(
    { status, code, requestId, retryAfterMs },
    { status: 422, code: 'validation_failed', requestId: 'req_1', retryAfterMs: 3_000 },
  );
  assert.equal(fieldError(error, 'scopes'), 'No such scope.');
  assert.equal(fieldError(error, 'scope'), undefined);
  assert.equal(errorMessage(error), 'No such scope.');
});

it("describes a proxy's page by its status", async () => {
  replies = [{ status: 502, body: '<html>Bad gateway</html>' }];
  await assert.rejects(request('GET', `${base}/a`), { status: 502, code: 'unexpected_answer' });
});

it('reports a server that does not answer as unreachable', async () => {
  await assert.rejects(request('GET', 'http://127.0.0.1:1/'), { status: 0, code: 'unreachable' });
});

it('calls the handler when the session is gone', async () => {
  let times = 0;
  whenSignedOut(() => {
    times += 1;
  });
  replies = [
    { status: 401, body: { code: 'not_signed_in', title: 'T' } },
    { status: 401, body: { code: 'other', title: 'T' } },
  ];
  await assert.rejects(request('GET', `${base}/a`));
  await assert.rejects(request('GET', `${base}/a`));
  assert.equal(times, 1);
});

it('asks for the password before sending, so that the server does not refuse', async () => {
  const stop = subscribeStepUp(() => {
    assert.equal(seen.length, 0, 'nothing was sent yet');
    if (isStepUpWanted()) queueMicrotask(() => confirmStepUp(new Date(Date.now() + 600_000).toISOString()));
  });
  await request('POST', `${base}/a`, { stepUp: true });
  stop();
  assert.equal(seen.length, 1);
});

it("asks once and sends again if the server's clock differs", async () => {
  keepStepUp(new Date(Date.now() + 600_000).toISOString());
  replies = [
    { status: 403, body: { code: 'step_up_required', title: 'T' } },
    { status: 200, body: { done: true } },
  ];
  const stop = subscribeStepUp(() => {
    if (isStepUpWanted()) queueMicrotask(() => confirmStepUp(new Date(Date.now() + 600_000).toISOString()));
  });
  assert.deepEqual(await request('POST', `${base}/a`, { stepUp: true }), { done: true });
  stop();
  assert.equal(seen.length, 2);
});
