import { Readable } from 'node:stream';
import type { Streamed } from '../api/streamed.ts';
import { redactSecrets } from '../directory/secret.ts';
import { inPieces } from './connections/pieces.ts';
import { toApiError } from './error-answer.ts';
import type { Guarded, GuardedBody } from './guarded-body.ts';

/** Returns the body of a live stream. Stopped, it ends with the message that `end` adds. */
export function openLiveBody(
  { chunks, isAllowed, response }: Guarded,
  end: Required<Streamed>['end'],
): GuardedBody {
  const body = Readable.from(guarded());
  let isEnding = false;

  async function* guarded(): AsyncGenerator<Buffer> {
    for await (const chunk of chunks) {
      // Once the stream is ending, the remaining chunks are its closing message.
      if (isEnding || isAllowed()) yield* inPieces(Buffer.from(redactSecrets(chunk)));
      else if (!isEnding) return;
    }
  }

  return {
    body,
    stop(why) {
      if (isEnding) return;
      // A stalled reader would see the closing message only after its whole backlog, so reset instead.
      isEnding = !response.writableNeedDrain;
      const error = toApiError(why);
      if (isEnding) end(error.code);
      else {
        // A reset, not a close: it discards what the system still buffers for a slow reader.
        response.socket?.resetAndDestroy();
        body.destroy(error);
      }
    },
  };
}
