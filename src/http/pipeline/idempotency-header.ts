import type { IdempotencyKey, Route } from '../../api/route.ts';
import { parseIdempotencyKey } from '../../idempotency/idempotency-key.ts';
import type { AnyCaller, Exchange } from './exchange.ts';
import type { Services } from './services.ts';

/**
 * Returns the request's idempotency key if the route accepts `Idempotency-Key` and the header is set. Throws 422 for an
 * invalid header. `credential` as presented: the key that seals the answer is derived from it.
 */
export function findIdempotencyKey(
  { replaySecret }: Pick<Services, 'replaySecret'>,
  route: Route,
  { raw: { headers }, params }: Exchange,
  { caller, credential }: { caller: AnyCaller; credential: string },
  body: unknown,
): IdempotencyKey | undefined {
  const header = headers['idempotency-key'];
  if (header === undefined || !route.requestHeaders.includes('Idempotency-Key')) return undefined;
  const callerId = 'key' in caller ? caller.key.id : caller.session.person.id;
  const source = { callerId, method: route.method, path: fillPath(route.path, params), body };
  return parseIdempotencyKey({ ...source, header: header.toString(), credential }, replaySecret);
}

/** One spelling of the path: different escapes in the URL are the same request. */
const fillPath = (path: string, params: Record<string, string>) =>
  path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(params[name] ?? ''));
