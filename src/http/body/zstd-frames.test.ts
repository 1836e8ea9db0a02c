import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { constants, zstdCompressSync } from 'node:zlib';
import { ApiError } from '../../api/errors.ts';
import { decompress, decompressNow, findWindowBytes } from './decompress.ts';
import { splitZstd, ZSTD_BLOCKS_MAX, ZSTD_FRAMES_MAX } from './zstd-frames.ts';

const LIMIT = 1024 * 1024;
const skippable = (length: number, number = 0) =>
  Buffer.concat([Buffer.from([0x50 + number, 0x2a, 0x4d, 0x18, length, 0, 0, 0]), Buffer.alloc(length, 7)]);
const read = async (bytes: Buffer, bytesMax = LIMIT) =>
  (await decompress(bytes, 'zstd', bytesMax))?.toString();
const isRefused = (error: unknown) => error instanceof ApiError && error.code === 'invalid_encoding';

/** Frames with each kind of header and block: repeated bytes, random ones, several blocks, with a checksum, without the size. */
const TEXTS = [
  'a',
  '',
  'b'.repeat(300_000),
  JSON.stringify(Array.from({ length: 60_000 }, (_, at) => at * 7919)),
];
const FRAMES = TEXTS.flatMap((text) =>
  [0, 1].flatMap((checksum) =>
    [0, 1].map((contentSize) => ({
      text,
      bytes: zstdCompressSync(text, {
        params: {
          [constants.ZSTD_c_checksumFlag]: checksum,
          [constants.ZSTD_c_contentSizeFlag]: contentSize,
        },
      }),
    })),
  ),
);

describe('a body of several zstd frames', () => {
  it('is all that is in them, whatever their headers and blocks', async () => {
    for (const { text, bytes } of FRAMES) {
      const parts = [skippable(3), bytes, skippable(0, 15), bytes, zstdCompressSync('end'), skippable(200)];
      assert.deepEqual(splitZstd(Buffer.concat(parts)), [bytes, bytes, zstdCompressSync('end')]);
      assert.ok((await read(Buffer.concat(parts), 2 * LIMIT)) === `${text}${text}end`);
    }
  });

  it('is read on the event loop if only one of them is not skippable', async () => {
    const one = Buffer.concat([skippable(3), zstdCompressSync('text'), skippable(3)]);
    assert.equal(decompressNow(one, 'zstd', LIMIT)?.toString(), 'text');
    const two = Buffer.concat([zstdCompressSync('te'), zstdCompressSync('xt')]);
    assert.equal(decompressNow(two, 'zstd', LIMIT), undefined);
  });

  it('may be as large together as one, and no more', async () => {
    const two = Buffer.concat([zstdCompressSync('a'.repeat(1_000)), zstdCompressSync('b'.repeat(1_000))]);
    assert.equal((await read(two, 2_000))?.length, 2_000);
    assert.equal(await read(two, 1_999), undefined);
    assert.equal(await read(two, 1_000), undefined);
    assert.equal(await read(two, 999), undefined);
    const empty = Buffer.concat([zstdCompressSync('a'.repeat(1_000)), zstdCompressSync('')]);
    assert.equal((await read(empty, 1_000))?.length, 1_000);
  });

  it('needs the largest of their windows', () => {
    const params = { [constants.ZSTD_c_windowLog]: 20, [constants.ZSTD_c_contentSizeFlag]: 0 };
    const large = zstdCompressSync(Buffer.alloc(4 * LIMIT), { params });
    for (const parts of [
      [large, zstdCompressSync('a')],
      [skippable(1), zstdCompressSync('a'), large],
    ])
      assert.equal(findWindowBytes(Buffer.concat(parts), 'zstd'), LIMIT);
  });

  it('is refused if there are more than 16, or something else follows, or one is cut off', async () => {
    const frame = zstdCompressSync('a');
    const repeat = (count: number) => Buffer.concat(Array.from({ length: count }, () => frame));
    assert.equal(await read(repeat(ZSTD_FRAMES_MAX)), 'a'.repeat(ZSTD_FRAMES_MAX));
    await assert.rejects(read(repeat(ZSTD_FRAMES_MAX + 1)), /too many zstd frames/);
    for (const end of [
      'x',
      'something',
      frame.subarray(0, -1),
      frame.subarray(0, 7),
      skippable(9).subarray(0, 12),
    ])
      await assert.rejects(read(Buffer.concat([frame, Buffer.from(end)])), isRefused, String(end));
    for (const bytes of [Buffer.alloc(0), skippable(3)]) await assert.rejects(read(bytes), isRefused);
  });

  it('is refused before its ends are searched for long: 64 skippable frames and 65,536 blocks are accepted', async () => {
    const frame = zstdCompressSync('a');
    const skip = (count: number) =>
      Buffer.concat([...Array.from({ length: count }, () => skippable(0)), frame]);
    assert.equal(await read(skip(64)), 'a');
    await assert.rejects(read(skip(65)), /too many zstd frames/);
    // Empty blocks, the last of which says so, behind a header with a window of 1 KB.
    const block = (count: number) =>
      Buffer.concat([frame.subarray(0, 4), Buffer.alloc(2 + 3 * (count - 1)), Buffer.from([1, 0, 0])]);
    assert.equal(splitZstd(block(ZSTD_BLOCKS_MAX)).length, 1);
    assert.throws(() => splitZstd(block(ZSTD_BLOCKS_MAX + 1)), /too many zstd blocks/);
    const both = Buffer.concat([block(2), block(ZSTD_BLOCKS_MAX - 1)]);
    assert.throws(() => splitZstd(both), /too many zstd blocks/);
  });
});
