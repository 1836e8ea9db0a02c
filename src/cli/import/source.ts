import { createHash } from 'node:crypto';
import type { Stats } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { resolve } from 'node:path';
import { addAbortSignal, pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { errorCodeOf, messageOf } from '../../lib/errors.ts';

/** Identifies a file and its content: if any of these differs, it counts as another file. */
export type FileIdentity = { path: string; size: number; modifiedMs: number; head: string };

/** A source of events. `bytes` yields decompressed content; `readBytes` returns how many of `totalBytes` were read. */
export type Source = {
  name: string;
  /** Undefined for standard input, which cannot be read again, so the import cannot be resumed. */
  identity: FileIdentity | undefined;
  totalBytes: number | undefined;
  readBytes: () => number;
  bytes: AsyncIterable<Buffer>;
  /** Lets go of the input, read to its end or not. */
  close: () => void;
};

const HEAD_BYTES = 64 * 1024;
const GZIP_MAGIC = [0x1f, 0x8b];

/** Opens a file, or standard input for `-`. Detects gzip by its first bytes. */
export async function openSource(
  name: string,
  openStdin: () => Readable,
  signal: AbortSignal,
): Promise<Source> {
  if (name === '-') return toSource('standard input', openStdin(), undefined, signal);
  try {
    const file = await open(name);
    const stats = await file.stat();
    if (stats.isDirectory()) throw new Error('it is a folder');
    // A named pipe, such as the shell's <(…), can be read only once, so it is treated like standard input.
    if (!stats.isFile()) return toSource(name, file.createReadStream(), undefined, signal);
    const identity = await identify(file, resolve(name), stats);
    return toSource(name, file.createReadStream({ start: 0 }), identity, signal);
  } catch (error) {
    throw new Error(`Cannot read ${name}: ${reasonOf(error)}.`, { cause: error });
  }
}

async function identify(file: FileHandle, path: string, stats: Stats): Promise<FileIdentity> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
  const head = createHash('sha256').update(buffer.subarray(0, bytesRead)).digest('hex');
  return { path, size: stats.size, modifiedMs: stats.mtimeMs, head };
}

function reasonOf(error: unknown): string {
  const code = errorCodeOf(error);
  if (code === 'ENOENT') return 'there is no such file';
  if (code === 'EACCES') return 'no permission';
  return messageOf(error);
}

function toSource(
  name: string,
  stream: Readable,
  identity: FileIdentity | undefined,
  signal: AbortSignal,
): Source {
  let read = 0;
  async function* counted(): AsyncGenerator<Buffer> {
    // Without the signal, a stop would wait for the next bytes of a silent pipe. Attached only here, because aborting a
    // stream that nothing reads ends the process.
    for await (const chunk of addAbortSignal(signal, stream)) {
      read += chunk.length;
      yield chunk;
    }
  }
  return {
    name,
    identity,
    totalBytes: identity?.size,
    readBytes: () => read,
    bytes: decompress(counted(), name),
    close: () => stream.destroy(),
  };
}

async function* decompress(chunks: AsyncGenerator<Buffer>, name: string): AsyncGenerator<Buffer> {
  const head = await readHead(chunks);
  const all = prepend(head, chunks);
  if (!GZIP_MAGIC.every((byte, index) => head[index] === byte)) {
    yield* all;
    return;
  }
  try {
    // pipeline requires a callback, but errors already reach the stream that is read here.
    yield* pipeline(Readable.from(all), createGunzip(), () => undefined);
  } catch (error) {
    if (!errorCodeOf(error).startsWith('Z_')) throw error;
    throw new Error(`${name} is damaged gzip. The part that could be read was imported.`, { cause: error });
  }
}

/** Reads at least two bytes if there are that many: a pipe may return a single byte. */
async function readHead(chunks: AsyncGenerator<Buffer>): Promise<Buffer> {
  let head = Buffer.alloc(0);
  while (head.length < GZIP_MAGIC.length) {
    const next = await chunks.next();
    if (next.done) return head;
    head = Buffer.concat([head, next.value]);
  }
  return head;
}

async function* prepend(head: Buffer, rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  if (head.length > 0) yield head;
  yield* rest;
}
