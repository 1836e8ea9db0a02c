import type { IncomingMessage } from 'node:http';

/** Bytes of a body as they arrive. */
export type Collected = {
  /** Resolves with all bytes. Rejects with what `fail` was called with, or with the connection's error. */
  done: Promise<Buffer>;
  bytesReceived: () => number;
  /** Stops collecting and frees the bytes. */
  fail: (error: Error) => void;
};

/**
 * Collects a body in one buffer: a list of chunks would let a sender of many tiny ones make each byte cost a hundred.
 * `findCapacity` returns how large the buffer becomes that must hold so many bytes, or the error that refuses it. A body
 * that arrives in one piece of `bytesExpected` bytes is not copied.
 */
export function collectBody(
  request: IncomingMessage,
  bytesExpected: number | undefined,
  findCapacity: (bytesNeeded: number) => number | Error,
): Collected {
  const { promise: done, resolve, reject } = Promise.withResolvers<Buffer>();
  let buffer: Buffer | undefined;
  let length = 0;

  function hasRoom(needed: number): boolean {
    if (needed <= (buffer?.length ?? 0)) return true;
    const capacity = findCapacity(needed);
    if (typeof capacity !== 'number') {
      fail(capacity);
      return false;
    }
    const larger = Buffer.allocUnsafeSlow(capacity);
    buffer?.copy(larger, 0, 0, length);
    buffer = larger;
    return true;
  }

  function onData(chunk: Buffer): void {
    if (length === 0 && chunk.length === bytesExpected) buffer = chunk;
    else if (hasRoom(length + chunk.length)) buffer?.set(chunk, length);
    else return;
    length += chunk.length;
  }

  function onEnd(): void {
    stop();
    resolve(buffer?.subarray(0, length) ?? Buffer.alloc(0));
  }

  const onClose = () => fail(new Error('The connection was closed.'));

  function stop(): void {
    request.off('data', onData);
    request.off('end', onEnd);
    request.off('close', onClose);
  }

  function fail(error: Error): void {
    stop();
    buffer = undefined;
    reject(error);
  }

  // It stays: an error nothing listens to would end the process.
  request.on('error', fail);
  request.on('end', onEnd);
  request.on('close', onClose);
  request.on('data', onData);
  if (request.destroyed) onClose();
  return { done, bytesReceived: () => length, fail };
}
