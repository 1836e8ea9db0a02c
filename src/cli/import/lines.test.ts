import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Line, splitLines } from './lines.ts';

function linesOf(...chunks: (string | Buffer)[]): Promise<Line[]> {
  async function* bytes() {
    for (const chunk of chunks) yield Buffer.from(chunk);
  }
  return Readable.from(splitLines(bytes())).toArray();
}

test('finds the same lines wherever the bytes are split', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.string({ unit: 'binary' })), fc.array(fc.nat(50)), async (texts, cuts) => {
      const bytes = Buffer.from(texts.join('\n'));
      const chunks: Buffer[] = [];
      let start = 0;
      for (const length of cuts) {
        chunks.push(bytes.subarray(start, start + length));
        start += length;
      }
      chunks.push(bytes.subarray(start));
      assert.deepEqual(await linesOf(...chunks), await linesOf(bytes));
    }),
  );
});

test('numbers lines as an editor does, including blank ones, with or without a final line break', async () => {
  const expected = [
    { number: 1, text: 'a' },
    { number: 3, text: 'b' },
  ];
  assert.deepEqual(await linesOf('a\n\nb'), expected);
  assert.deepEqual(await linesOf('a\r\n \r\nb\r\n'), expected);
  assert.deepEqual(await linesOf('\uFEFFa\n\n b \n\n\n'), expected);
  assert.deepEqual(await linesOf(), []);
});

test('reports a line that is not UTF-8 and continues', async () => {
  const lines = await linesOf(Buffer.from([0x22, 0xff, 0x22, 0x0a]), 'b\n');
  assert.deepEqual(lines, [
    { number: 1, mistake: 'The line is not valid UTF-8.' },
    { number: 2, text: 'b' },
  ]);
});

test('buffers at most one mebibyte of a line', async () => {
  const mebibyte = 'x'.repeat(1024 * 1024);
  assert.deepEqual(
    (await linesOf(mebibyte, '\n', mebibyte, 'x', '\nb')).map((line) =>
      'text' in line ? line.text.length : line,
    ),
    [1024 * 1024, { number: 2, mistake: 'The line is longer than 1 MiB.' }, 1],
  );
});
