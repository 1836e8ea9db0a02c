import type { IncomingMessage } from 'node:http';
import { redactSecrets } from '../directory/secret.ts';
import { newId } from '../lib/id.ts';
import { ERRORS } from './error-codes.ts';
import type { ApiError } from './errors.ts';

/** Returns the RFC 9457 body of an error. `docsUrl` is the URL of the documentation, without a trailing slash. */
export function renderProblem(error: ApiError, requestId: string, docsUrl: string): Record<string, unknown> {
  return {
    type: `${docsUrl}/docs/errors#${error.code}`,
    title: ERRORS[error.code].title,
    status: error.status,
    code: error.code,
    detail: error.message,
    request_id: requestId,
    ...error.members,
  };
}

const REQUEST_ID = /^[A-Za-z0-9._-]{8,64}$/;

/** Returns the ID for a new request: the `X-Request-Id` it was sent with if it is valid, otherwise a new one. */
export function createRequestId({ headers }: IncomingMessage): string {
  const sent = headers['x-request-id'];
  // A key has the shape of a valid ID, and must not reach a log or an answer when it is sent in the wrong header.
  const isKept = typeof sent === 'string' && REQUEST_ID.test(sent) && redactSecrets(sent) === sent;
  return isKept ? sent : newId('req');
}
