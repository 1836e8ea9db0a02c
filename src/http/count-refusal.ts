import type { Dialect } from '../api/dialect.ts';
import type { Route } from '../api/route.ts';
import type { CountedSdkId } from '../ingestion/counted-sdk.ts';
import { toApiError } from './error-answer.ts';
import type { Exchange } from './pipeline/exchange.ts';
import type { Services } from './pipeline/services.ts';

/**
 * Counts a batch of events that was turned away as a whole, by the key that sent it. Not with 401, where the key proves
 * nothing, nor if the sender disconnected, who got no answer. Returns the status of the error.
 */
export function countRefusal(
  { directory, ingestion }: Pick<Services, 'directory' | 'ingestion'>,
  { limit, method, dialect }: Route,
  { raw, keyId, parsedBody }: Exchange,
  error: unknown,
): number {
  const { status, code, isPartial } = toApiError(error);
  if (limit !== 'events' || method === 'GET' || keyId === undefined || raw.socket.destroyed) return status;
  // What was stored or rejected of the batch is counted one by one. What was not is sent again, and counted then.
  if (isPartial) return status;
  const key = directory.findKey(keyId);
  if (status === 401 || !key) return status;
  const { projectId, appIds } = key;
  const [onlyApp = ''] = appIds?.length === 1 ? appIds : [];
  const sdkId = findSdkId(dialect, parsedBody);
  ingestion.countRefused({
    projectId,
    keyId,
    sdkId,
    appId: onlyApp,
    sdk: raw.headers['x-appflow-sdk'],
    code,
  });
  return status;
}

/** Unknown if only the body, which was not read, shows which of several vendors it is. */
function findSdkId(dialect: Dialect | undefined, parsedBody: Exchange['parsedBody']): CountedSdkId {
  if (!dialect) return 'appflow';
  return parsedBody?.sdkId ?? (dialect.variants ? 'unknown' : dialect.id);
}
