import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { ApiError, type ErrorCode } from '../api/errors.ts';
import type { Streamed } from '../api/streamed.ts';
import type { AnswerLog } from './pipeline/answer-log.ts';
import type { Exchange } from './pipeline/exchange.ts';
import { findStreamRefusal, type StreamServices } from './pipeline/stream-permission.ts';

const RECHECK_MS = 500;

/**
 * A stream is aborted when its reader takes no piece for this long: it occupies a slot of its key, and memory. An active
 * reader takes a piece within milliseconds; 30 s is enough for a wireless connection to recover.
 */
export const STALLED_MS = 30_000;
/** Small, so that even a slow reader takes a piece in time: 2 KB per second are enough. */
const PIECE_BYTES = 64 * 1024;

/** The error code for streams that are open when the server stops: the same as for a request that arrives then. */
const STOPPING: ErrorCode = 'overloaded';

/**
 * Returns the body of a streamed answer. It ends when its caller loses permission (a key before the next chunk and within
 * half a second; a member within a second, as memberships are polled), when the reader has taken nothing for STALLED_MS,
 * and, if it is a live stream, when `stopping` fires. Releases the slot of the exchange at its end.
 */
export function openGuardedBody(
  services: StreamServices & { answerLog: AnswerLog },
  { streamPermission, slot, requestId }: Exchange,
  { chunks, end }: Streamed,
  response: ServerResponse,
  stopping: AbortSignal,
): Readable {
  const body = Readable.from(guarded());
  let isEnding = false;
  let lastTakenAt = services.clock.now();
  function abort(why: Error): void {
    // A reset, not a close: it discards what the system still buffers for a slow reader.
    response.socket?.resetAndDestroy();
    body.destroy(why);
  }
  function stop(code: ErrorCode): void {
    // A stalled reader would see the closing message only after its whole backlog, so reset instead.
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
    services.answerLog.write('warn', { requestId, err: error }, 'a streamed answer was cut off'),
  );
  return body;

  async function* guarded(): AsyncGenerator<Buffer> {
    for await (const chunk of chunks) {
      // Once the stream is ending, the remaining chunks are its closing message.
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
