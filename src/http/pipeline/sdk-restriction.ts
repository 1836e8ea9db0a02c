import { listPossibleSdks } from '../../api/dialect.ts';
import { ApiError } from '../../api/errors.ts';
import type { Route } from '../../api/route.ts';
import type { ApiKey } from '../../directory/key.ts';
import type { Exchange } from './exchange.ts';

/**
 * Throws 403 if the key is restricted to other SDKs than the one that the request comes from. Before the body is read, only if no SDK on
 * this path is allowed.
 */
export function requireSdkAllowed(
  { access, dialect, body }: Pick<Route, 'access' | 'dialect' | 'body'>,
  { parsedBody }: Pick<Exchange, 'parsedBody'>,
  { allowedSdks }: Pick<ApiKey, 'allowedSdks'>,
): void {
  if (allowedSdks === null || access !== 'events:write') return;
  // Requests for the settings of an SDK have no body, and a path of their own.
  const possible = listPossibleSdks(dialect, body ? parsedBody?.sdkId : dialect?.id);
  if (possible.some((sdk) => allowedSdks.includes(sdk))) return;
  const refused = possible.join(' or ');
  throw new ApiError('sdk_not_allowed', {
    detail: `This key accepts events from ${allowedSdks.join(', ')}, not from ${refused}. Add ${refused} to its allowed_sdks, or use another key.`,
  });
}
