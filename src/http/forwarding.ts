import type { IncomingHttpHeaders } from 'node:http';

/** What proxies add to a request they pass on (RFC 7239, RFC 9110 §7.6.3, and what was usual before). */
const FORWARDING_HEADERS = [
  'x-forwarded-for',
  'forwarded',
  'via',
  'x-real-ip',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-forwarded-port',
  'x-forwarded-server',
] as const;

/** Returns the name of a header that says somebody passed this request on; undefined when none does. */
export function findForwardingHeader(headers: IncomingHttpHeaders): string | undefined {
  return FORWARDING_HEADERS.find((name) => headers[name] !== undefined);
}
