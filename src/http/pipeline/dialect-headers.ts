import type { Dialect, SentToDialect } from '../../api/dialect.ts';
import type { Route } from '../../api/route.ts';
import { redactSecrets } from '../../directory/secret.ts';
import type { Exchange } from './exchange.ts';

/** The form of request IDs, such as UUIDs. */
const REPEATABLE = /^[\w.:-]{1,128}$/;

/** Repeats the ID of the request in its answer, errors included, for dialects that expect it. */
export function echoHeader({ headers: names }: Dialect, { raw, headers }: Exchange): void {
  const id = names && raw.headers[names.echoed]?.toString();
  if (names && id !== undefined && REPEATABLE.test(id))
    headers[names.echoed] = redactSecrets(id).slice(0, 128);
}

/** Returns what a handler of a dialect gets besides path, query and body; undefined for other routes. */
export function toSent(
  { dialect }: Pick<Route, 'dialect'>,
  { presentedKey: key, parsedBody, raw: { headers } }: Exchange,
): SentToDialect | undefined {
  if (key === undefined) return undefined;
  const read = (name: string | undefined) => (name === undefined ? undefined : headers[name]?.toString());
  const names = dialect?.headers;
  const sdkId = parsedBody?.sdkId;
  return { sdkId, key, host: headers.host ?? '', sentAt: read(names?.sentAt), sdk: read(names?.sdk) };
}
