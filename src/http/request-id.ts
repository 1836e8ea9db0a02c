import type { IncomingMessage } from 'node:http';
import { redactSecrets } from '../directory/secret.ts';
import { newId } from '../lib/id.ts';

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
