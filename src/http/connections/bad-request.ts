import { STATUS_CODES } from 'node:http';
import { ApiError } from '../../api/errors.ts';
import { renderProblem } from '../../api/problem.ts';
import { newId } from '../../lib/id.ts';
import { TINY_CHUNKS } from './body-parts.ts';

/** What Node calls a request that did not arrive in time. */
export const TIMED_OUT = 'ERR_HTTP_REQUEST_TIMEOUT';

function toError(code: string): ApiError {
  if (code === TIMED_OUT) return new ApiError('request_too_slow');
  if (code === 'HPE_HEADER_OVERFLOW') return new ApiError('headers_too_large');
  const detail =
    code === TINY_CHUNKS
      ? 'The body is sent in too many tiny chunks. Send larger ones, or the Content-Length.'
      : 'This is not a complete HTTP request.';
  return new ApiError('invalid_encoding', { detail });
}

/**
 * Returns the raw answer to bytes that cannot be served, by the code of the error they caused. There is no request to
 * answer, so it is built by hand.
 */
export function renderBadRequest(docsUrl: string, code: string): string {
  const error = toError(code);
  const requestId = newId('req');
  const body = JSON.stringify(renderProblem(error, requestId, docsUrl));
  const head = [
    `HTTP/1.1 ${error.status} ${STATUS_CODES[error.status]}`,
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Cache-Control: no-store',
    'Connection: close',
    `X-Request-Id: ${requestId}`,
  ];
  return `${head.join('\r\n')}\r\n\r\n${body}`;
}
