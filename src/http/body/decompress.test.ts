import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { brotliCompressSync, constants, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { ApiError } from '../../api/errors.ts';
import {
  decompress,
  decompressNow,
  findWindowBytes,
  isQuick,
  readEncoding,
  SDK_ENCODINGS,
  SMALL_COMPRESSED_BYTES_MAX,
} from './decompress.ts';

const TEXT = Buffer.from('{"events":[]}'.padEnd(10_000));
const COMPRESSED = {
  gzip: gzipSync(TEXT),
  deflate: deflateSync(TEXT),
  br: brotliCompressSync(TEXT),
  zstd: zstdCompressSync(TEXT),
};

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

  it('needs the window in the header of a zstd frame, or as much as its content', () => {
    const windowOf = (exponent: number, mantissa: number) =>
      findWindowBytes(Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, (exponent << 3) | mantissa]), 'zstd');
    assert.deepEqual([windowOf(0, 0), windowOf(3, 4), windowOf(13, 0)], [1024, 1.5 * 8192, 2 ** 23]);
    assert.equal(windowOf(13, 1), 2 ** 23, 'more is refused');
    for (const length of [1, 255, 256, 65_791, 65_792]) {
      const bytes = zstdCompressSync(Buffer.alloc(length), { pledgedSrcSize: length });
      assert.equal(findWindowBytes(bytes, 'zstd'), length);
    }
    const { zstd } = COMPRESSED;
    for (const bytes of [Buffer.alloc(0), zstd.subarray(0, 5), Buffer.from('not zstd'), TEXT])
      assert.equal(findWindowBytes(bytes, 'zstd'), 0, 'it is refused');
    assert.equal(findWindowBytes(zstd.subarray(0, 6), 'zstd'), 2 ** 23, 'the size is missing');
    assert.ok(isQuick(zstd, 'zstd'));
  });

  it('is not read if its zstd window is larger than 8 MB', async () => {
    const bytes = zstdCompressSync(Buffer.alloc(17 * 1024 * 1024), {
      params: { [constants.ZSTD_c_windowLog]: 24, [constants.ZSTD_c_contentSizeFlag]: 0 },
    });
    await assert.rejects(decompress(bytes, 'zstd', TEXT.length), ApiError);
    assert.throws(() => decompressNow(bytes, 'zstd', TEXT.length), ApiError);
  });

  it('is a single zstd frame: nothing after it is lost without an error', async () => {
    const skippable = Buffer.from([0x50, 0x2a, 0x4d, 0x18, 1, 0, 0, 0, 7]);
    const { zstd } = COMPRESSED;
    for (const parts of [
      [zstd, zstd],
      [zstd, skippable],
      [skippable, zstd],
      [zstd, Buffer.alloc(1)],
    ]) {
      const bytes = Buffer.concat(parts);
      await assert.rejects(decompress(bytes, 'zstd', 3 * TEXT.length), /single zstd frame/);
      assert.throws(() => decompressNow(bytes, 'zstd', 3 * TEXT.length), /single zstd frame/);
    }
  });

  it('may be zstd only if an SDK sends it', () => {
    assert.equal(readEncoding(' ZSTD ', SDK_ENCODINGS), 'zstd');
    assert.throws(() => readEncoding('zstd'), /Use gzip, deflate, br or none/);
    assert.throws(() => readEncoding('compress', SDK_ENCODINGS), /Use gzip, deflate, br, zstd or none/);
    for (const encoding of ['', 'identity']) assert.equal(readEncoding(encoding), undefined);
    assert.equal(readEncoding('x-gzip'), 'x-gzip');
    assert.throws(() => readEncoding('constructor'), ApiError);
  });
});
