import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { Type } from 'typebox';
import { ERRORS } from '../../src/api/error-codes.ts';
import { ApiError } from '../../src/api/errors.ts';
import { defineRoute } from '../../src/api/route.ts';
import { createServer } from '../../src/http/server.ts';
import { StorageError } from '../../src/lib/errors.ts';
import { closedObject } from '../../src/lib/schema.ts';
import { createLimiter } from '../../src/limits/limiter.ts';
import { openRollups } from '../../src/rollups/rollups.ts';
import { openControlServices } from '../../src/server/open-services.ts';
import { createFeed } from '../../src/warehouse/feed.ts';
import { cleanUp } from '../support/clean-up.ts';
import { type Answer, connect, makeConfig } from '../support/harness.ts';
import { parseAnswer, sendRaw } from '../support/raw-http.ts';

const SECRET = 'a path /var/lib/appflow and SELECT * FROM api_keys';
const WRONG = Type.Object({ expected: Type.Integer() });

/** Returns a route at `path` whose handler calls `fail`. */
function failing(path: string, fail: () => unknown) {
  const answer = { status: 200, schema: WRONG } as const;
  const plain = { method: 'GET', summary: 'Fail', access: 'public', limit: 'management', answer } as const;
  return defineRoute({ ...plain, path, handle: async () => (await fail()) as { expected: number } });
}

const throwing = (path: string, error: unknown) => failing(path, () => Promise.reject(error));

const ROUTES = [
  throwing('/error', new Error(SECRET)),
  throwing('/text', SECRET),
  throwing('/nothing', undefined),
  failing('/wrong-answer', () => ({ expected: SECRET })),
  throwing('/with-cause', new ApiError('conflict', { detail: 'Public detail.', cause: new Error(SECRET) })),
  throwing('/unavailable', new StorageError('unavailable', SECRET, new Error(SECRET))),
  throwing('/timeout', new StorageError('timeout', SECRET)),
  throwing('/busy', new StorageError('busy', SECRET)),
  throwing('/too-large', new StorageError('too_large', SECRET)),
  failing('/fine/{name}', () => ({ expected: 1 })),
  defineRoute({
    method: 'POST',
    path: '/body',
    summary: 'Take a body',
    access: 'public',
    limit: 'management',
    answer: { status: 200, schema: closedObject({}) },
    handle: () => ({}),
  }),
];

const services = await openControlServices(makeConfig());
const warehouse = {
  query: async () => [],
  append: async () => [],
  feed: createFeed(0),
  queue: () => assert.fail(),
  isFailing: () => false,
  maintenance: { query: async () => [], command: async () => {} },
  onStored: () => {},
  hasLinks: () => true,
  listProblems: () => [],
  oldestStatementMs: () => 0,
  isAnswering: async () => true,
  settled: async () => {},
  copyTo: async () => {},
  deleteEvents: async () => {},
  forgetIds: async () => {},
  rebuild: async () => 0,
  close: async () => {},
};
const rollups = openRollups({ ...services, warehouse });
const app = createServer({ ...services, warehouse, rollups, limiter: createLimiter() }, ROUTES);
const api = connect(await app.listen({ port: 0, host: '127.0.0.1' }));
cleanUp(async () => {
  await app.close();
  await rollups.close();
  await services.close();
});

const REQUEST_ID = /^req_[0-9A-Z]{26}$/;

function assertProblem({ status, headers, body, text }: Answer, code: keyof typeof ERRORS): void {
  assert.match(headers.get('content-type') ?? '', /^application\/problem\+json\b/);
  assert.equal(status, ERRORS[code].status, text);
  const { type, title, detail, request_id } = body as Record<string, unknown>;
  assert.deepEqual([body.code, body.status], [code, status]);
  assert.equal(type, `/docs/errors#${code}`);
  assert.equal(title, ERRORS[code].title);
  assert.ok(typeof detail === 'string' && detail.length > 0);
  assert.match(String(request_id), REQUEST_ID);
  assert.equal(headers.get('x-request-id'), request_id);
  assert.ok(!text.includes('SELECT') && !text.includes('/var/lib') && !/\\n\s+at /.test(text), text);
}

describe('docs/errors.md', () => {
  const docs = readFileSync(join(import.meta.dirname, '../../docs/errors.md'), 'utf8');

  for (const [code, { status, title, meaning, cure }] of Object.entries(ERRORS)) {
    it(`documents ${code} under its own heading`, () => {
      const section = docs.split(`\n## ${code}\n`)[1]?.split('\n## ')[0] ?? '';
      for (const part of [`${status} ${title}`, meaning, cure]) assert.ok(section.includes(part), part);
      assert.match(code, /^[a-z][a-z_]+$/);
    });
  }
});

describe('unexpected errors', () => {
  for (const path of ['/error', '/text', '/nothing', '/wrong-answer']) {
    it(`returns only an internal error and its request id for an unexpected failure at ${path}`, async () => {
      const answer = await api.call('GET', path);
      assertProblem(answer, 'internal');
      assert.deepEqual(Object.keys(answer.body), ['type', 'title', 'status', 'code', 'detail', 'request_id']);
      assert.equal(answer.body.detail, ERRORS.internal.meaning);
    });
  }

  it('never reveals the cause of an error', async () => {
    const answer = await api.call('GET', '/with-cause');
    assertProblem(answer, 'conflict');
    assert.equal(answer.body.detail, 'Public detail.');
  });
});

describe('storage errors', () => {
  for (const [path, code] of [
    ['/unavailable', 'storage_unavailable'],
    ['/timeout', 'query_timeout'],
    ['/busy', 'overloaded'],
  ] as const) {
    it(`returns ${code} with a varying Retry-After of 1 to 5 seconds`, async () => {
      const seen = new Set<number>();
      for (let round = 0; round < 60; round += 1) {
        const answer = await api.call('GET', path);
        assertProblem(answer, code);
        assert.match(answer.headers.get('retry-after') ?? '', /^[1-5]$/);
        seen.add(Number(answer.headers.get('retry-after')));
      }
      assert.ok(seen.size > 1, 'clients would all retry at the same time');
    });
  }
});

it('returns query_too_large without Retry-After: waiting does not make a query smaller', async () => {
  const answer = await api.call('GET', '/too-large');
  assertProblem(answer, 'query_too_large');
  assert.equal(answer.headers.get('retry-after'), null);
});

describe('request ids', () => {
  it('uses the X-Request-Id of the client if it is valid', async () => {
    for (const id of ['abcdefgh', 'A.b_c-9012', 'x'.repeat(64)]) {
      for (const path of ['/fine/x', '/error', '/missing']) {
        const { headers } = await api.call('GET', path, { headers: { 'x-request-id': id } });
        assert.equal(headers.get('x-request-id'), id);
      }
    }
  });

  it('generates a request id if X-Request-Id is too short, too long or has invalid characters', async () => {
    for (const id of ['abcdefg', 'x'.repeat(65), 'has space', 'semi;colon', 'ünïcödé', '<script>', '']) {
      const { headers } = await api.call('GET', '/fine/x', { headers: { 'x-request-id': id } });
      assert.match(headers.get('x-request-id') ?? '', REQUEST_ID);
    }
  });

  it('generates a different request id for each request', async () => {
    const ids = await Promise.all(Array.from({ length: 20 }, () => api.call('GET', '/fine/x')));
    assert.equal(new Set(ids.map(({ headers }) => headers.get('x-request-id'))).size, 20);
  });
});

describe('requests rejected by the HTTP server', () => {
  it('returns a problem document for a path that cannot be decoded', async () => {
    for (const path of ['/fine/%zz', '/fine/%ff', '/fine/%', '/%c3%28']) {
      assertProblem(parseAnswer(await sendRaw(api.url, request(`GET ${path}`))), 'invalid_encoding');
    }
  });

  it('returns a problem document for a path parameter that is too long', async () => {
    assert.equal((await api.call('GET', `/fine/${'x'.repeat(300)}`)).status, 200);
    assertProblem(await api.call('GET', `/fine/${'x'.repeat(301)}`), 'not_found');
  });

  it('returns a problem document for headers or a URL over 16 KB', async () => {
    assertProblem(
      parseAnswer(await sendRaw(api.url, request(`GET /${'x'.repeat(20_000)}`))),
      'headers_too_large',
    );
    const header = `X-Long: ${'x'.repeat(20_000)}`;
    assertProblem(parseAnswer(await sendRaw(api.url, request('GET /fine/x', header))), 'headers_too_large');
  });

  it('returns a problem document for bytes that are not HTTP', async () => {
    for (const bytes of [
      'nonsense\r\n\r\n',
      'GET\r\n\r\n',
      'GET / HTTP/9.9\r\n\r\n',
      '\u0016\u0003\u0001',
      'GET / HTTP/1.1\r\nA B: c\r\n\r\n',
    ]) {
      assertProblem(parseAnswer(await sendRaw(api.url, bytes)), 'invalid_encoding');
    }
  });

  it('returns a problem document for ambiguous body lengths, which enable request smuggling', async () => {
    for (const header of [
      'Content-Length: 1\r\nContent-Length: 2',
      'Content-Length: 1\r\nTransfer-Encoding: chunked',
      'Content-Length: -1',
      'Transfer-Encoding: gzip',
    ]) {
      assertProblem(parseAnswer(await sendRaw(api.url, request('POST /body', header))), 'invalid_encoding');
    }
  });

  it('returns a problem document for HTTP/1.1 without a Host header', async () => {
    const answer = await sendRaw(api.url, 'GET /fine/x HTTP/1.1\r\nConnection: close\r\n\r\n');
    assertProblem(parseAnswer(answer), 'invalid_encoding');
    const old = await sendRaw(api.url, 'GET /fine/x HTTP/1.0\r\n\r\n');
    assert.equal(parseAnswer(old).status, 200);
  });

  it('returns a problem document for two Host headers, of which a proxy may have used the other one', async () => {
    for (const header of ['Host: x', 'host: y', 'HOST: x, y']) {
      for (const line of ['GET /fine/x', 'GET /missing', 'OPTIONS /v1/events', 'POST /v1/events'])
        assertProblem(parseAnswer(await sendRaw(api.url, request(line, header))), 'invalid_encoding');
    }
  });

  it('ignores an unknown Expect header and answers the request', async () => {
    const answer = parseAnswer(await sendRaw(api.url, request('GET /fine/x', 'Expect: miracles')));
    assert.equal(answer.status, 200);
  });

  it('returns a problem document for an unknown path or method', async () => {
    assertProblem(await api.call('GET', '/missing'), 'not_found');
    assertProblem(await api.call('DELETE', '/error'), 'method_not_allowed');
  });
});

const request = (line: string, header = 'X-Nothing: 1') =>
  `${line} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${header}\r\n\r\n`;

it('links to the documentation at the public URL if one is configured', async () => {
  const config = { ...services.config, publicUrl: 'https://appflow.example.com' };
  const there = createServer({ ...services, config, warehouse, rollups, limiter: createLimiter() }, ROUTES);
  cleanUp(() => there.close());
  const { url, call } = connect(await there.listen({ port: 0, host: '127.0.0.1' }));
  const type = 'https://appflow.example.com/docs/errors#internal';
  assert.equal((await call('GET', '/error')).body.type, type);
  assert.match(await sendRaw(url, 'nonsense\r\n\r\n'), /"https:\/\/appflow\.example\.com\/docs\/errors#/);
});
