import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import type { ErrorCode } from '../api/error-codes.ts';
import { ApiError } from '../api/errors.ts';
import type { Streamed } from '../api/streamed.ts';
import { redactSecrets } from '../directory/secret.ts';
import type { LoopShare, LoopUser } from '../limits/loop-share.ts';
import { inPieces } from './connections/pieces.ts';
import type { AnswerLog } from './pipeline/answer-log.ts';
import type { Exchange } from './pipeline/exchange.ts';
import {
  findStreamRefusal,
  type StreamPermission,
  type StreamServices,
} from './pipeline/stream-permission.ts';

const RECHECK_MS = 500;

/** The error code for streams that are open when the server stops: the same as for a request that arrives then. */
const STOPPING: ErrorCode = 'overloaded';

/**
 * Returns the body of a streamed answer. It ends when its caller loses permission (a key before the next chunk and within
 * half a second; a member within a second, as memberships are polled), and, if it is a live stream, when `stopping` fires.
 * Keys in it become hints.
 */
export function openGuardedBody(
  services: StreamServices & { answerLog: AnswerLog; loopShare: LoopShare },
  { streamPermission, requestId }: Exchange,
  { chunks, end }: Streamed,
  response: ServerResponse,
  stopping: AbortSignal,
): Readable {
  const body = Readable.from(guarded());
  let isEnding = false;
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
  const timer = setInterval(checkPermission, RECHECK_MS);
  timer.unref();
  const onStopping = () => end && stop(STOPPING);
  stopping.addEventListener('abort', onStopping);
  if (stopping.aborted) onStopping();
  body.once('close', () => {
    clearInterval(timer);
    stopping.removeEventListener('abort', onStopping);
  });
  body.once('error', (error) =>
    services.answerLog.write('warn', { requestId, err: error }, 'a streamed answer was aborted'),
  );
  return body;

  async function* guarded(): AsyncGenerator<Buffer> {
    for await (const chunk of inTurn(services.loopShare, toReader(streamPermission), chunks)) {
      // Once the stream is ending, the remaining chunks are its closing message.
      if (isEnding || checkPermission()) yield* inPieces(Buffer.from(redactSecrets(chunk)));
      else if (!isEnding) return;
    }
  }
}

/**
 * Yields chunks, each begun within the event loop's share for expensive work: the next page of an export may be in
 * memory already, and a fast reader would otherwise keep the loop from everything else until all of it is sent.
 */
async function* inTurn<T>(loopShare: LoopShare, user: LoopUser, chunks: AsyncIterable<T>): AsyncGenerator<T> {
  const iterator = chunks[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await loopShare.run(user, () => iterator.next());
      if (next.done) return;
      yield next.value;
    }
  } finally {
    await iterator.return?.();
  }
}

function toReader(permission: StreamPermission | undefined): LoopUser {
  if (permission === undefined) throw new Error('A stream needs a permission.');
  const { caller } = permission;
  return { kind: 'stream', callerId: 'key' in caller ? caller.key.id : caller.session.person.id };
}
