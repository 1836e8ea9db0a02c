import { ApiError } from '../../api/errors.ts';
import { renderProblem } from '../../api/problem.ts';
import { newId } from '../../lib/id.ts';
import type { CloseReason } from './connection.ts';

/** Returns the raw answer to bytes that are not HTTP. There is no request to answer, so it is built by hand. */
export function renderBadRequest(docsUrl: string, reason: CloseReason): string {
  const detail =
    reason === 'tiny_chunks'
      ? 'The body is sent in too many tiny chunks. Send larger ones, or the Content-Length.'
      : 'This is not a complete HTTP request, or its headers are too large.';
  const requestId = newId('req');
  const body = JSON.stringify(
    renderProblem(new ApiError('invalid_encoding', { detail }), requestId, docsUrl),
  );
  const head = [
    'HTTP/1.1 400 Bad Request',
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Cache-Control: no-store',
    'Connection: close',
    `X-Request-Id: ${requestId}`,
  ];
  return `${head.join('\r\n')}\r\n\r\n${body}`;
}
