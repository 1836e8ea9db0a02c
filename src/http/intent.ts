import type { IncomingMessage } from 'node:http';
import { type Intent, readIntent } from '../keys/intent.ts';
import type { Services } from '../services.ts';
import { readCredential } from './credential.ts';
import type { Caller, Route } from './route.ts';

/**
 * Returns what the caller wants done once, when the route heeds `Idempotency-Key` and the header is there. Throws 422.
 * The credential is read again here, so that it need not be carried along: only a key derived from it leaves.
 */
export function findIntent(
  { replaySecret }: Pick<Services, 'replaySecret'>,
  route: Route,
  { headers, rawHeaders, url = '' }: IncomingMessage,
  { key }: Caller,
  body: unknown,
): Intent | undefined {
  const header = headers['idempotency-key'];
  if (header === undefined || !route.requestHeaders.includes('Idempotency-Key')) return undefined;
  const [path = ''] = url.split('?', 1);
  const source = { callerId: key.id, method: route.method, path, body };
  return readIntent(
    { ...source, header: header.toString(), credential: readCredential(rawHeaders) },
    replaySecret,
  );
}
