import type { IncomingMessage } from 'node:http';
import { redactSecrets } from '../directory/secret.ts';
import { newId } from '../lib/id.ts';
import { type ApiError, ERRORS } from './errors.ts';

/** Returns the RFC 9457 body of an error. `docsUrl` is where the documentation is served, without a slash at the end. */
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

const requestIds = new WeakMap<IncomingMessage, string>();

/** Returns the id of a request, always the same: the `x-request-id` it was sent with if that can be kept, or a new one. */
export function requestIdOf(request: IncomingMessage): string {
  const known = requestIds.get(request);
  if (known) return known;
  const sent = request.headers['x-request-id'];
  // A key, or an id around one, has the shape of an id; it must be in no log and no answer, also when it is sent in the wrong place.
  const isKept = typeof sent === 'string' && REQUEST_ID.test(sent) && redactSecrets(sent) === sent;
  const id = isKept ? sent : newId('req');
  requestIds.set(request, id);
  return id;
}
