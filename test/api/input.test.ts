import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { type Answer, startTestServer } from '../support/harness.ts';
import { parseAnswer, sendRaw } from '../support/raw-http.ts';
import { GUARDED, nameOf, requestOf } from '../support/route-request.ts';

const api = await startTestServer();
const { server_key: key } = api.project;
const BOMB_BYTES = 16 * 1024 * 1024;
/** Compressed once: it takes so long that the server in this process would shed load. */
const BOMBS = [
  ['gzip', gzipSync(Buffer.alloc(BOMB_BYTES))],
  ['deflate', deflateSync(Buffer.alloc(BOMB_BYTES))],
  ['br', brotliCompressSync(Buffer.alloc(BOMB_BYTES))],
] as const;
/** The largest `limit` of routes where it is not 200. */
const LIMITS_MAX: Readonly<Record<string, number>> = { 'GET /v1/ingestion/samples': 1_000 };

function assertProblem(answer: Answer, status: number, code: string): void {
  assert.equal(answer.status, status, answer.text);
  assert.equal(answer.body.code, code, answer.text);
}

for (const route of GUARDED.filter((one) => one.body)) {
  const [method, path, options] = requestOf(route);
  const good = Buffer.from(JSON.stringify(options.body));
  const call = (body: Uint8Array | string, headers: Record<string, string> = {}) =>
    api.call(method, path, { key, body, headers });

  describe(`the request body of ${nameOf(route)}`, () => {
    const head = `${method} ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer ${key}`;
    const jsonHead = `${head}\r\nContent-Type: application/json`;

    it('rejects a body that is not JSON', async () => {
      for (const body of ['', '{', '{"a":1,}', "{'a':1}", 'NaN', '{} {}', '\u0000']) {
        if (body === '' && route.isBodyOptional) continue;
        assertProblem(await call(body), 400, 'malformed_json');
      }
    });

    it('rejects a body that is not UTF-8 or that starts with the byte order mark of another encoding', async () => {
      const broken = Buffer.concat([Buffer.from('{"name":"'), Buffer.from([0xff, 0xc3]), Buffer.from('"}')]);
      assertProblem(await call(broken), 400, 'invalid_encoding');
      assertProblem(await call(Buffer.from('\ufeff{}', 'utf16le')), 400, 'invalid_encoding');
    });

    it('requires a Content-Type of JSON in UTF-8', async () => {
      for (const type of [
        'text/plain',
        'application/jsonp',
        'application/json; charset=latin1',
        'garbage',
        '///',
      ]) {
        assertProblem(await call(good, { 'content-type': type }), 415, 'unsupported_media_type');
      }
      for (const type of ['APPLICATION/JSON', 'application/json;charset="UTF-8"', 'application/json; a=b']) {
        assert.notEqual((await call(good, { 'content-type': type })).status, 415, type);
      }
    });

    it('rejects a body without a Content-Type', async () => {
      const answer = await sendRaw(api.url, `${head}\r\nContent-Length: ${good.length}\r\n\r\n${good}`);
      assertProblem(parseAnswer(answer), 415, 'unsupported_media_type');
    });

    it('authenticates before it reads the body: a bad Content-Type without a key is a 401', async () => {
      const answer = await api.call(method, path, { body: good, headers: { 'content-type': '///' } });
      assertProblem(answer, 401, 'missing_api_key');
    });

    it('accepts a compressed body and treats it like an uncompressed one', async () => {
      const plain = await call(good);
      for (const [encoding, body] of [
        ['gzip', gzipSync(good)],
        ['x-gzip', gzipSync(good)],
        ['deflate', deflateSync(good)],
        ['br', brotliCompressSync(good)],
        ['GZIP', gzipSync(good)],
        ['identity', good],
      ] as const) {
        assert.equal((await call(body, { 'content-encoding': encoding })).status, plain.status, encoding);
      }
    });

    it('rejects a body that does not match its Content-Encoding, or an encoding it does not support', async () => {
      for (const [encoding, body] of [
        ['gzip', good],
        ['gzip', gzipSync(good).subarray(0, -6)],
        ['deflate', gzipSync(good)],
        ['br', gzipSync(good)],
      ] as const) {
        assertProblem(await call(body, { 'content-encoding': encoding }), 400, 'invalid_encoding');
      }
      for (const encoding of ['zstd', 'gzip, gzip', 'constructor']) {
        const answer = await call(gzipSync(good), { 'content-encoding': encoding });
        assertProblem(answer, 415, 'unsupported_media_type');
        assert.equal(answer.headers.get('accept-encoding'), 'gzip, deflate, br');
      }
    });

    it('enforces the exact size limit before and after decompression', async () => {
      const exact = Buffer.from('{}'.padEnd(route.bodyBytesMax));
      const over = Buffer.from('{}'.padEnd(route.bodyBytesMax + 1));
      assert.notEqual((await call(exact)).status, 413);
      assertProblem(await call(over), 413, 'payload_too_large');
      assert.notEqual((await call(gzipSync(exact), { 'content-encoding': 'gzip' })).status, 413);
      assertProblem(await call(gzipSync(over), { 'content-encoding': 'gzip' }), 413, 'payload_too_large');
    });

    it('enforces the exact size limit for chunked bodies without a length', async () => {
      const chunkOf = (size: number) => `${size.toString(16)}\r\n${' '.repeat(size)}\r\n`;
      const chunked = async (bytes: number) => {
        const chunks = `${chunkOf(bytes - 1)}${chunkOf(1)}0\r\n\r\n`;
        return parseAnswer(
          await sendRaw(api.url, `${jsonHead}\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}`),
        );
      };
      assertProblem(await chunked(route.bodyBytesMax), 400, 'malformed_json');
      assertProblem(await chunked(route.bodyBytesMax + 1), 413, 'payload_too_large');
    });

    it('rejects a body by its announced length before any of it is sent', async () => {
      const announced = `${jsonHead}\r\nContent-Length: ${route.bodyBytesMax + 1}\r\n\r\n`;
      const answer = parseAnswer(await sendRaw(api.url, announced));
      assertProblem(answer, 413, 'payload_too_large');
      assert.equal(answer.headers.get('connection'), 'close');
    });

    it('rejects a decompression bomb without using much memory', async () => {
      const before = process.memoryUsage().arrayBuffers;
      for (const [encoding, body] of BOMBS) {
        assertProblem(await call(body, { 'content-encoding': encoding }), 413, 'payload_too_large');
      }
      assert.ok(process.memoryUsage().arrayBuffers - before < BOMB_BYTES * 4);
    });

    it('rejects a body that is not an object with the right fields', async () => {
      for (const body of ['null', '[]', '"x"', '0', 'true']) {
        assertProblem(await call(body), 422, 'validation_failed');
      }
      const wrong = Object.fromEntries(
        Object.keys(options.body as object).map((name) => [name, { wrong: true }]),
      );
      const answer = await call(JSON.stringify(wrong));
      assertProblem(answer, 422, 'validation_failed');
      for (const { field, code, message } of answer.body.errors) {
        const name = field.split('.').at(-1);
        assert.ok(name && code && message.includes(name) && message.endsWith('.'), answer.text);
      }
    });

    it('rejects a body with hundreds of errors', async () => {
      const many = Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`unknown_${index}`, index]));
      const answer = await call(JSON.stringify({ ...many, name: 5, events: 5 }));
      assertProblem(answer, 422, 'validation_failed');
      assert.ok(answer.body.errors.length > 0);
    });
  });
}

for (const route of GUARDED) {
  describe(`the query string of ${nameOf(route)}`, () => {
    const [method, path, options] = requestOf(route);
    const separator = path.includes('?') ? '&' : '?';
    const needsApp = route.app?.from === 'query' && route.app.isRequired({});
    const appQuery = new URLSearchParams(needsApp ? { app_id: api.project.app_id } : {});
    const call = (search: string) => api.call(method, `${path}${separator}${search}`, { ...options, key });

    it('rejects unknown query parameters', async () => {
      for (const name of ['nonsense', '__proto__', 'constructor', 'APP_ID']) {
        const answer = await call(`${name}=1`);
        assertProblem(answer, 422, 'validation_failed');
        const [error] = answer.body.errors;
        assert.deepEqual([error.field, error.code], [name, 'unknown_field']);
      }
    });

    it('rejects a query string that is not percent-encoded UTF-8', async () => {
      for (const search of ['a=%ff', 'a=%zz', 'a=%', '%c3=1']) {
        assertProblem(await call(search), 400, 'invalid_encoding');
      }
    });

    const limitMax = LIMITS_MAX[nameOf(route)] ?? 200;

    it(`accepts a limit from 1 to ${limitMax}`, async () => {
      if (!('limit' in route.query.properties)) return;
      const [bare, search] = path.split('?');
      const others = new URLSearchParams(search);
      others.delete('limit');
      for (const [name, value] of appQuery) others.set(name, value);
      const callWith = (limit: string) => api.call(method, `${bare}?${others}&limit=${limit}`, { key });
      for (const limit of ['1', `${limitMax}`]) {
        const { status, text } = await callWith(limit);
        assert.notEqual(status, 422, text);
      }
      for (const limit of ['0', '-1', `${limitMax + 1}`, '1.5', 'ten', '', '1e2', '5&limit=6']) {
        const answer = await callWith(limit);
        assertProblem(answer, 422, 'validation_failed');
        assert.deepEqual(
          answer.body.errors.map(({ field }: { field: string }) => field),
          ['limit'],
        );
      }
    });

    if ('cursor' in route.query.properties)
      it('accepts only cursors that the server issued', async () => {
        for (const cursor of ['x', '%00', 'W10', 'bnVsbA', 'eyJhIjoxfQ', 'WyIiLCIiLCIiXQ']) {
          const answer = await call(`cursor=${cursor}&${appQuery}`);
          assertProblem(answer, 422, 'validation_failed');
          // Texts of management routes never contain U+0000.
          const code = cursor === '%00' && route.limit === 'management' ? 'invalid_format' : 'invalid_cursor';
          assert.deepEqual([answer.body.errors[0].field, answer.body.errors[0].code], ['cursor', code]);
        }
      });
  });
}
