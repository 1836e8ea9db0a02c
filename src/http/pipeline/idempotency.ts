import type { KeyObject } from 'node:crypto';
import type { IdempotencyKey, Route } from '../../api/route.ts';
import { parseIdempotencyKey } from '../../idempotency/idempotency-key.ts';
import type { Exchange } from './exchange.ts';

/**
 * Returns what the caller wants done once, when the route heeds `Idempotency-Key` and the header is there. Throws 422.
 * The credential is read only then, so that it need not be carried along: only a key derived from it leaves.
 */
export function findIdempotencyKey(
  { replaySecret }: { replaySecret: KeyObject },
  route: Route,
  { raw: { headers }, params }: Exchange,
  { callerId, readCredential }: { callerId: string; readCredential: () => string },
  body: unknown,
): IdempotencyKey | undefined {
  const header = headers['idempotency-key'];
  if (header === undefined || !route.requestHeaders.includes('Idempotency-Key')) return undefined;
  const source = { callerId, method: route.method, path: fillPath(route.path, params), body };
  return parseIdempotencyKey(
    { ...source, header: header.toString(), credential: readCredential() },
    replaySecret,
  );
}

/** The one spelling of a path: however its letters are escaped in the URL, it is the same intent. */
const fillPath = (path: string, params: Record<string, string>) =>
  path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(params[name] ?? ''));
