/** Strings up to this length are copied here: a native call costs more. */
const SHORT_MAX = 64;

/**
 * Writes a string as its length in bytes, then UTF-8, and returns where it ends. A lone surrogate becomes U+FFFD. Throws
 * TypeError for anything but a string.
 */
export function writeText(bytes: Buffer, at: number, text: string): number {
  if (typeof text !== 'string') throw new TypeError('Event column must be a string');
  const { length } = text;
  if (length > SHORT_MAX) return writeLongText(bytes, at, text);
  const start = at + 1;
  for (let index = 0; index < length; index += 1) {
    const code = text.charCodeAt(index);
    if (code > 127) return writeLongText(bytes, at, text);
    bytes[start + index] = code;
  }
  bytes[at] = length;
  return start + length;
}

function writeLongText(bytes: Buffer, at: number, text: string): number {
  // Nearly all strings have as many bytes as code units.
  const guess = lengthBytes(text.length);
  const written = bytes.write(text, at + guess);
  const actual = lengthBytes(written);
  if (actual !== guess) bytes.copyWithin(at + actual, at + guess, at + guess + written);
  let rest = written;
  for (let index = at; index < at + actual; index += 1) {
    bytes[index] = index < at + actual - 1 ? (rest & 127) | 128 : rest;
    rest >>>= 7;
  }
  return at + actual + written;
}

/** How many bytes a length prefix takes: seven bits in each (LEB128). */
function lengthBytes(length: number): number {
  let count = 1;
  for (let rest = length >>> 7; rest > 0; rest >>>= 7) count += 1;
  return count;
}

/** A position in bytes, which each read advances. */
export type Reader = { bytes: Buffer; at: number };

/** Reads a length prefix. */
export function readLength(reader: Reader): number {
  for (let [length, shift] = [0, 0]; ; shift += 7) {
    const byte = reader.bytes[reader.at] ?? 0;
    reader.at += 1;
    length += (byte & 127) * 2 ** shift;
    if (byte < 128) return length;
  }
}

/** Reads a string. */
export function readText(reader: Reader): string {
  const length = readLength(reader);
  reader.at += length;
  return reader.bytes.toString('utf8', reader.at - length, reader.at);
}
