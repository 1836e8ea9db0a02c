import { Readable } from 'node:stream';
import { renderInterruption } from '../api/export.ts';
import type { Streamed } from '../api/streamed.ts';
import { redactSecrets } from '../directory/secret.ts';
import { inPieces } from './connections/pieces.ts';
import { toApiError } from './error-answer.ts';
import type { Guarded, GuardedBody } from './guarded-body.ts';

/**
 * How long the reader of an interrupted export has to take its last line. Then the connection is reset, which discards what
 * the system still buffers for a slow reader: within a second of a revocation, nothing more arrives.
 */
export const LAST_LINE_MS = 250;

/**
 * Returns the body of an export. Stopped, or when its next chunk cannot be read, it ends with a line that is no item, and
 * its connection is reset, so that half of it never looks complete.
 */
export function openExportBody(
  { chunks, isAllowed, response }: Guarded,
  contentType: Streamed['contentType'],
): GuardedBody {
  const body = Readable.from(guarded());
  const aborted = Promise.withResolvers<void>();
  let state: 'waiting' | 'sending' | 'complete' = 'waiting';
  let interruption: { lastLine: Buffer | undefined } | undefined;

  async function* guarded(): AsyncGenerator<Buffer> {
    yield* send();
    // To return would end the answer as if it were complete.
    if (interruption) await aborted.promise;
    state = 'complete';
  }

  async function* send(): AsyncGenerator<Buffer> {
    try {
      for await (const chunk of chunks) {
        if (interruption || !isAllowed()) return;
        state = 'sending';
        yield* inPieces(Buffer.from(redactSecrets(chunk)));
        state = 'waiting';
        sendLastLine();
      }
    } catch (error) {
      if (body.destroyed) throw error;
      stop(error);
    }
  }

  function stop(why: unknown): void {
    if (interruption) return;
    if (state === 'complete' || body.destroyed) {
      abort(why);
      return;
    }
    const lastLine = redactSecrets(renderInterruption(contentType, toApiError(why)));
    interruption = { lastLine: Buffer.from(lastLine) };
    // Only between two chunks: the pieces of one may end within a line.
    if (state === 'waiting') sendLastLine();
    setTimeout(abort, LAST_LINE_MS, why);
  }

  function sendLastLine(): void {
    if (interruption?.lastLine === undefined || body.destroyed) return;
    body.push(interruption.lastLine);
    interruption.lastLine = undefined;
  }

  function abort(why: unknown): void {
    response.socket?.resetAndDestroy();
    aborted.resolve();
    body.destroy(why instanceof Error ? why : new Error('The export failed.', { cause: why }));
  }

  return { body, stop };
}
