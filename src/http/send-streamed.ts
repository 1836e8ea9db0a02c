import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { ApiError, type ErrorCode } from '../api/errors.ts';
import type { Streamed } from '../api/streamed.ts';
import type { Log } from '../lib/log.ts';
import type { Exchange } from './pipeline/exchange.ts';
import { findStreamRefusal, type StreamServices } from './pipeline/stream-permission.ts';

const RECHECK_MS = 500;

/**
 * A reader that takes not one piece in this time is given up: it holds a slot of its key, and memory. What reads on
 * takes a piece in milliseconds; 30 s is time enough for a wireless connection to come back.
 */
export const STALLED_MS = 30_000;
/** Small, so that a slow reader shows that it takes something; 2 KB a second are enough. */
const PIECE_BYTES = 64 * 1024;

/** What a stream gets that is open when the server stops: the same as a request that comes then. */
const STOPPING: ErrorCode = 'overloaded';

/**
 * Returns the body of a streamed answer. It ends when its caller loses the right to read on, within half a second and
 * before the next chunk, or has taken nothing for STALLED_MS, and an open stream when `stopping` fires. Gives the slot of
 * the exchange back when it is over.
 */
export function openBody(
  services: StreamServices & { log: Log },
  { streamPermission, slot, requestId }: Exchange,
  { chunks, end }: Streamed,
  response: ServerResponse,
  stopping: AbortSignal,
): Readable {
  const body = Readable.from(guarded());
  let isEnding = false;
  let lastTakenAt = services.clock.now();
  function abort(why: Error): void {
    // A reset, not a close: what waits in the system's buffers for a slow reader is thrown away.
    response.socket?.resetAndDestroy();
    body.destroy(why);
  }
  function stop(code: ErrorCode): void {
    // A reader that takes nothing would get the last words only after all that waits for it.
    isEnding = end !== undefined && !response.writableNeedDrain;
    if (isEnding) end?.(code);
    else abort(new ApiError(code));
  }
  function checkPermission(): boolean {
    const code = streamPermission && findStreamRefusal(services, streamPermission);
    if (code !== undefined && !isEnding) stop(code);
    return code === undefined;
  }
  function checkStream(): void {
    checkPermission();
    const now = services.clock.now();
    if (!response.writableNeedDrain) lastTakenAt = now;
    else if (now - lastTakenAt >= STALLED_MS) abort(new Error(`Nothing was taken for ${STALLED_MS} ms`));
  }
  const timer = setInterval(checkStream, RECHECK_MS);
  timer.unref();
  const onStopping = () => end && stop(STOPPING);
  stopping.addEventListener('abort', onStopping);
  if (stopping.aborted) onStopping();
  body.once('close', () => {
    clearInterval(timer);
    stopping.removeEventListener('abort', onStopping);
    slot?.release();
  });
  body.once('error', (error) =>
    services.log.warn({ requestId, err: error }, 'a streamed answer was cut off'),
  );
  return body;

  async function* guarded(): AsyncGenerator<Buffer> {
    for await (const chunk of chunks) {
      // Once it is ending, what comes are the last words.
      if (isEnding || checkPermission()) yield* trackTaken(inPieces(chunk));
      else if (!isEnding) return;
    }
  }

  function* trackTaken(pieces: Iterable<Buffer>): Generator<Buffer> {
    for (const piece of pieces) {
      yield piece;
      lastTakenAt = services.clock.now();
    }
  }
}

function* inPieces(text: string): Generator<Buffer> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) yield bytes.subarray(at, at + PIECE_BYTES);
}
