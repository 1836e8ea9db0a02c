import type { ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import type { ErrorCode } from '../api/error-codes.ts';
import { ApiError } from '../api/errors.ts';
import type { Streamed } from '../api/streamed.ts';
import type { LoopShare, LoopUser } from '../limits/loop-share.ts';
import { LAST_LINE_MS, openExportBody } from './export-body.ts';
import { openLiveBody } from './live-body.ts';
import type { AnswerLog } from './pipeline/answer-log.ts';
import type { Exchange } from './pipeline/exchange.ts';
import {
  findStreamRefusal,
  type StreamPermission,
  type StreamServices,
} from './pipeline/stream-permission.ts';

const RECHECK_MS = 400;

/** The error code for streams that are open when the server stops: the same as for a request that arrives then. */
const STOPPING: ErrorCode = 'overloaded';

/** How long a stop waits for answers before it drops their connections, so that a slow client cannot delay it. */
export const STOP_GRACE_MS = 5_000;

/** When exports that are still open are interrupted: their readers can take the last line before the drop. */
const STOP_EXPORTS_MS = STOP_GRACE_MS - 4 * LAST_LINE_MS;

/**
 * Returns the body of a streamed answer. It ends when its caller loses permission (a key before the next chunk and within
 * half a second; a member within a second, as memberships are polled) and when `stopping` fires, an export only after a
 * grace period. Keys in it become hints.
 */
export function openGuardedBody(
  services: StreamServices & { answerLog: AnswerLog; loopShare: LoopShare },
  { streamPermission, requestId }: Exchange,
  { contentType, chunks, end }: Streamed,
  response: ServerResponse,
  stopping: AbortSignal,
): Readable {
  if (streamPermission === undefined) throw new Error('A stream needs a permission.');
  const guarded = {
    chunks: inTurn(services.loopShare, toReader(streamPermission), chunks),
    isAllowed,
    response,
  };
  const { body, stop } = end ? openLiveBody(guarded, end) : openExportBody(guarded, contentType);
  function isAllowed(): boolean {
    const code = streamPermission && findStreamRefusal(services, streamPermission);
    if (code !== undefined) stop(new ApiError(code));
    return code === undefined;
  }
  const timer = setInterval(isAllowed, RECHECK_MS).unref();
  let stopTimer: NodeJS.Timeout | undefined;
  const onStopping = () => {
    const why = new ApiError(STOPPING);
    if (end) stop(why);
    else stopTimer = setTimeout(stop, STOP_EXPORTS_MS, why).unref();
  };
  stopping.addEventListener('abort', onStopping);
  if (stopping.aborted) onStopping();
  body.once('close', () => {
    clearInterval(timer);
    clearTimeout(stopTimer);
    stopping.removeEventListener('abort', onStopping);
  });
  body.once('error', (error) =>
    services.answerLog.write('warn', { requestId, err: error }, 'a streamed answer was aborted'),
  );
  return body;
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

const toReader = ({ caller }: StreamPermission): LoopUser => ({
  kind: 'stream',
  callerId: 'key' in caller ? caller.key.id : caller.session.person.id,
});
