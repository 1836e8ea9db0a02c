import { isUtf8 } from 'node:buffer';

/** One line that is not blank; `mistake` says why its text is not given. Numbers start at 1 and count blank lines. */
export type Line = { number: number; text: string } | { number: number; mistake: string };

/** Far above the largest event (32 KB): a file without line ends must not fill the memory. */
const LINE_BYTES_MAX = 1024 * 1024;
const LINE_END = 0x0a;

/** Splits bytes into lines as they arrive, holding no more than one line. */
export async function* splitLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<Line> {
  const held = holdLine();
  let number = 0;
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(LINE_END); end !== -1; end = chunk.indexOf(LINE_END, start)) {
      held.add(chunk.subarray(start, end));
      start = end + 1;
      number += 1;
      const line = toLine(held.take(), number);
      if (line) yield line;
    }
    held.add(chunk.subarray(start));
  }
  const last = toLine(held.take(), number + 1);
  if (last) yield last;
}

function holdLine() {
  let parts: Buffer[] = [];
  let length = 0;
  return {
    add(part: Buffer): void {
      length += part.length;
      if (length > LINE_BYTES_MAX) parts = [];
      else if (part.length > 0) parts.push(part);
    },
    /** Undefined when the line was too long to be held. */
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
  if (!isUtf8(bytes)) return { number, mistake: 'The line is not UTF-8.' };
  // trim() also takes away the byte order mark that some editors put in front, and the CR of CRLF.
  const text = bytes.toString('utf8').trim();
  return text === '' ? undefined : { number, text };
}
