import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import type { Services } from '../services.ts';
import { findCutOff } from './cut-off.ts';
import { ApiError, type ErrorCode } from './errors.ts';
import type { Exchange } from './exchange.ts';
import type { Streamed } from './route.ts';

const LOOK_MS = 500;

/** What a stream gets that is open when the server stops: the same as a request that comes then. */
const STOPPING: ErrorCode = 'overloaded';

/**
 * Returns the body of a streamed answer. It ends when its caller loses the right to read on, within half a second and
 * before the next chunk, and an open stream when `stopping` fires. Gives the slot of the exchange back when it is over.
 */
export function openBody(
  services: Pick<Services, 'directory' | 'clock' | 'log'>,
  { held, slot, requestId }: Exchange,
  { chunks, end }: Streamed,
  response: ServerResponse,
  stopping: AbortSignal,
): Readable {
  const body = Readable.from(guarded());
  let isEnding = false;
  function stop(code: ErrorCode): void {
    // A reader that takes nothing would get the last words only after all that waits for it.
    isEnding = end !== undefined && !response.writableNeedDrain;
    if (isEnding) {
      end?.(code);
      return;
    }
    // A reset, not a close: what waits in the system's buffers for a slow reader is thrown away.
    response.socket?.resetAndDestroy();
    body.destroy(new ApiError(code));
  }
  function mayGoOn(): boolean {
    const code = held && findCutOff(services, held);
    if (code !== undefined && !isEnding) stop(code);
    return code === undefined;
  }
  const timer = setInterval(mayGoOn, LOOK_MS);
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

  async function* guarded(): AsyncGenerator<string> {
    for await (const chunk of chunks) {
      // Once it is ending, what comes are the last words.
      if (isEnding || mayGoOn()) yield chunk;
      else if (!isEnding) return;
    }
  }
}
