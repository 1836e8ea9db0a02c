import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { brotliCompressSync, constants, deflateSync, gzipSync } from 'node:zlib';
import { ApiError } from '../../api/errors.ts';
import {
  decompress,
  decompressNow,
  findWindowBytes,
  isQuick,
  SMALL_COMPRESSED_BYTES_MAX,
} from './decompress.ts';

const TEXT = Buffer.from('{"events":[]}'.padEnd(10_000));
const COMPRESSED = { gzip: gzipSync(TEXT), deflate: deflateSync(TEXT), br: brotliCompressSync(TEXT) };

describe('a compressed body', () => {
  for (const [encoding, bytes] of Object.entries(COMPRESSED)) {
    it(`is read on the event loop and in the thread pool alike, up to its bound: ${encoding}`, async () => {
      assert.deepEqual(decompressNow(bytes, encoding, TEXT.length), TEXT);
      assert.deepEqual(await decompress(bytes, encoding, TEXT.length), TEXT);
      assert.equal(decompressNow(bytes, encoding, TEXT.length - 1), undefined);
      assert.equal(await decompress(bytes, encoding, TEXT.length - 1), undefined);
      const isRefused = (error: unknown) => error instanceof ApiError && error.code === 'invalid_encoding';
      assert.throws(() => decompressNow(TEXT, encoding, TEXT.length), isRefused);
      await assert.rejects(decompress(TEXT, encoding, TEXT.length), isRefused);
    });
  }

  it('needs the window that its sender chose', () => {
    for (let bits = constants.BROTLI_MIN_WINDOW_BITS; bits <= constants.BROTLI_MAX_WINDOW_BITS; bits += 1) {
      const params = { [constants.BROTLI_PARAM_LGWIN]: bits, [constants.BROTLI_PARAM_QUALITY]: 5 };
      const bytes = brotliCompressSync(TEXT, { params });
      assert.equal(findWindowBytes(bytes, 'br'), 2 ** bits, `${bits} bits`);
    }
    assert.equal(findWindowBytes(COMPRESSED.gzip, 'gzip'), 64 * 1024);
  });

  it('waits for a place unless it is small, and its window too', () => {
    assert.ok(isQuick(COMPRESSED.gzip, 'gzip'));
    assert.ok(isQuick(Buffer.alloc(SMALL_COMPRESSED_BYTES_MAX), 'gzip'));
    assert.ok(!isQuick(Buffer.alloc(SMALL_COMPRESSED_BYTES_MAX + 1), 'gzip'));
    assert.ok(!isQuick(COMPRESSED.br, 'br'));
    const params = { [constants.BROTLI_PARAM_LGWIN]: 16 };
    assert.ok(isQuick(brotliCompressSync(TEXT, { params }), 'br'));
  });

  it('is not read if its window is larger than 16 MB', async () => {
    const params = {
      [constants.BROTLI_PARAM_LARGE_WINDOW]: 1,
      [constants.BROTLI_PARAM_LGWIN]: 26,
      [constants.BROTLI_PARAM_QUALITY]: 5,
    };
    const bytes = brotliCompressSync(TEXT, { params });
    assert.throws(() => decompressNow(bytes, 'br', TEXT.length), ApiError);
    await assert.rejects(decompress(bytes, 'br', TEXT.length), ApiError);
  });
});
