import assert from 'node:assert/strict';
import { once } from 'node:events';
import { get } from 'node:http';
import { describe, it } from 'node:test';
import { constants, gunzipSync } from 'node:zlib';
import { readExport } from '../../client/src/admin/read-export.ts';
import { ApiError } from '../../src/api/errors.ts';
import { renderInterruption } from '../../src/api/export.ts';
import { EXPORT_TYPES } from '../../src/api/streamed.ts';
import { PIECE_BYTES } from '../../src/http/connections/limits.ts';
import { StorageError } from '../../src/lib/errors.ts';
import { endlessRoute, startExportServer, tick } from './export-server.ts';

/** A chunk in several pieces, at a reader's pace, none of which ends where a line does. */
const LONG_LINE = `{"long":"${'x'.repeat(5 * PIECE_BYTES)}"}\n`;

async function* pauseForever(): AsyncGenerator<string> {
  yield '{}\n';
  await new Promise(() => undefined);
}

async function* longLines(): AsyncGenerator<string> {
  for (;;) yield LONG_LINE;
}

async function* fail(): AsyncGenerator<string> {
  yield '{}\n';
  throw new StorageError('timeout', 'The query took too long.');
}

const { api, makeReader, manage, read, server_key } = await startExportServer([
  endlessRoute('/v1/ticks', tick),
  endlessRoute('/v1/pause', pauseForever),
  endlessRoute('/v1/long-lines', longLines),
  endlessRoute('/v1/fail', fail),
]);

/** Returns the lines of a body in chunks (RFC 9112 §7.1), and whether the last chunk came. */
function readChunked(answer: string): { lines: string[]; isComplete: boolean } {
  let rest = answer.slice(answer.indexOf('\r\n\r\n') + 4);
  let body = '';
  for (;;) {
    const [, hex = ''] = /^([0-9a-f]+)\r\n/i.exec(rest) ?? [];
    if (hex === '' || hex === '0') return { lines: body.split('\n'), isComplete: hex === '0' };
    const from = hex.length + 2;
    body += rest.slice(from, from + Number.parseInt(hex, 16));
    rest = rest.slice(from + Number.parseInt(hex, 16) + 2);
  }
}

describe('the last line of an interrupted export', () => {
  const INTERRUPTED = {
    error: { code: 'api_key_revoked', message: new ApiError('api_key_revoked').message },
  };

  for (const [what, path] of [
    ['between two chunks', '/v1/ticks'],
    ['while the next page is read', '/v1/pause'],
    ['within a line', '/v1/long-lines'],
  ] as const)
    it(`says why, in a line of its own, when it is interrupted ${what}`, async () => {
      const key = await makeReader();
      const { ended, text } = await read(path, key.key);
      await manage('DELETE', `/v1/api-keys/${key.id}`);
      const revokedAt = performance.now();
      const { at, code } = await ended;
      assert.ok(at - revokedAt < 1_000, `${at - revokedAt} ms`);
      assert.equal(code, 'ECONNRESET');
      const { lines, isComplete } = readChunked(text());
      assert.ok(!isComplete);
      assert.equal(lines.pop(), '', 'the line is whole');
      assert.deepEqual(JSON.parse(lines.pop() ?? ''), INTERRUPTED);
      for (const line of new Set(lines)) assert.equal(JSON.parse(line).error, undefined);
    });

  it('reaches its reader compressed too', async () => {
    const key = await makeReader();
    const headers = { authorization: `Bearer ${key.key}`, 'accept-encoding': 'gzip' };
    const request = get(`${api.url}/v1/ticks`, { headers, agent: false });
    request.on('error', () => undefined);
    const [response] = await once(request, 'response');
    const chunks: Buffer[] = [];
    response.on('data', (chunk: Buffer) => chunks.push(chunk));
    await once(response, 'data');
    await manage('DELETE', `/v1/api-keys/${key.id}`);
    const [error] = await once(response, 'error');
    assert.equal(error.code, 'ECONNRESET');
    const flushed = { finishFlush: constants.Z_SYNC_FLUSH };
    const lines = gunzipSync(Buffer.concat(chunks), flushed).toString().trim().split('\n');
    assert.deepEqual(JSON.parse(lines.pop() ?? ''), INTERRUPTED);
    assert.throws(() => gunzipSync(Buffer.concat(chunks)), { code: 'Z_BUF_ERROR' });
  });

  for (const encoding of ['identity', 'gzip'])
    it(`is the error that the client throws (${encoding})`, async () => {
      const key = await makeReader();
      const headers = { authorization: `Bearer ${key.key}`, 'accept-encoding': encoding };
      const lines = readExport(() => fetch(`${api.url}/v1/ticks`, { headers }), 'ndjson', undefined);
      assert.match((await lines.next()).value ?? '', /^({}\n)+$/);
      await manage('DELETE', `/v1/api-keys/${key.id}`);
      const readAll = async () => {
        for await (const text of lines) assert.match(text, /^({}\n)+$/);
      };
      const { code, message } = INTERRUPTED.error;
      await assert.rejects(readAll, { name: 'AppflowError', code, message });
    });

  it('says why when the store fails, and the connection is reset', async () => {
    const { ended, text } = await read('/v1/fail', server_key);
    assert.equal((await ended).code, 'ECONNRESET');
    const { lines, isComplete } = readChunked(text());
    assert.ok(!isComplete);
    const { message } = new ApiError('query_timeout');
    assert.deepEqual(lines, ['{}', JSON.stringify({ error: { code: 'query_timeout', message } }), '']);
  });

  it('is a row with a single cell in CSV', () => {
    const error = { code: 'api_key_revoked', message: 'The key, and "all" else.' };
    assert.equal(
      renderInterruption(EXPORT_TYPES.csv, error),
      '"error: api_key_revoked: The key, and ""all"" else."\r\n',
    );
  });
});
