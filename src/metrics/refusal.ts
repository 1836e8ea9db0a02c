import { ApiError } from '../api/errors.ts';
import type { MetricsVerdict } from '../http/metrics/access.ts';

const CHALLENGE = { 'www-authenticate': 'Bearer realm="appflow metrics"' };

/** Returns how a request for `/metrics` is refused; undefined when it is answered. */
export function findMetricsRefusal(method: string, verdict: MetricsVerdict): ApiError | undefined {
  // First: to whoever may not know of it, there is nothing at this path, whatever the method.
  if (verdict === 'hidden') return new ApiError('not_found', { detail: 'There is nothing at this path.' });
  if (method !== 'GET' && method !== 'HEAD') {
    const detail = `${method} is not possible here; use GET, HEAD.`;
    return new ApiError('method_not_allowed', { detail, headers: { allow: 'GET, HEAD' } });
  }
  if (verdict === 'allowed') return undefined;
  const code = verdict === 'token_missing' ? 'missing_api_key' : 'invalid_api_key';
  const detail = 'The metrics want METRICS_TOKEN as "Authorization: Bearer <token>".';
  return new ApiError(code, { detail, headers: CHALLENGE });
}
