import { createHash } from 'node:crypto';
import type { FileSum } from './manifest.ts';

/** The content of a file in chunks. */
export type Content = AsyncIterable<Buffer>;

/** Returns what passes on a content, and the size and checksum of what it has passed on in the end. */
export function createSum(): { pass: (content: Content) => Content; sum: () => FileSum } {
  const hash = createHash('sha256');
  let bytes = 0;
  async function* pass(content: Content): Content {
    for await (const chunk of content) {
      hash.update(chunk);
      bytes += chunk.length;
      yield chunk;
    }
  }
  return { pass, sum: () => ({ bytes, sha256: hash.digest('hex') }) };
}

/** How many files are copied at a time: most are small, and wait for the disk or the network. */
const PARALLEL = 8;

/** Runs work for each item, a few at a time. Rejects with the first failure, once what runs has ended. */
export async function forEachParallel<T>(
  items: readonly T[],
  signal: AbortSignal,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const waiting = items[Symbol.iterator]();
  let failure: { error: unknown } | undefined;
  async function run(): Promise<void> {
    for (const item of waiting) {
      if (failure || signal.aborted) return;
      await work(item).catch((error: unknown) => {
        failure ??= { error };
      });
    }
  }
  await Promise.all(Array.from({ length: PARALLEL }, run));
  if (failure) throw failure.error;
  signal.throwIfAborted();
}
