import { isUtf8 } from 'node:buffer';

/** A line that is not blank, or why its text is missing (`mistake`). Numbers start at 1 and count blank lines. */
export type Line = { number: number; text: string } | { number: number; mistake: string };

/** Far above the largest event (32 KB): a file without line breaks must not fill memory. */
const LINE_BYTES_MAX = 1024 * 1024;
const LINE_END = 0x0a;

/** Splits bytes into lines as they arrive, and buffers at most one line. */
export async function* splitLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<Line> {
  const buffer = createLineBuffer();
  let number = 0;
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(LINE_END); end !== -1; end = chunk.indexOf(LINE_END, start)) {
      buffer.add(chunk.subarray(start, end));
      start = end + 1;
      number += 1;
      const line = toLine(buffer.take(), number);
      if (line) yield line;
    }
    buffer.add(chunk.subarray(start));
  }
  const last = toLine(buffer.take(), number + 1);
  if (last) yield last;
}

function createLineBuffer() {
  let parts: Buffer[] = [];
  let length = 0;
  return {
    add(part: Buffer): void {
      length += part.length;
      if (length > LINE_BYTES_MAX) parts = [];
      else if (part.length > 0) parts.push(part);
    },
    /** Returns the line and empties the buffer; undefined if the line was too long. */
    take(): Buffer | undefined {
      const bytes = length > LINE_BYTES_MAX ? undefined : Buffer.concat(parts);
      parts = [];
      length = 0;
      return bytes;
    },
  };
}

function toLine(bytes: Buffer | undefined, number: number): Line | undefined {
  if (bytes === undefined) return { number, mistake: 'The line is longer than 1 MiB.' };
  if (!isUtf8(bytes)) return { number, mistake: 'The line is not valid UTF-8.' };
  // trim() also removes the byte order mark that some editors add, and the CR of CRLF.
  const text = bytes.toString('utf8').trim();
  return text === '' ? undefined : { number, text };
}
