import type { Dialect } from '../../api/dialect.ts';
import { ApiError } from '../../api/errors.ts';
import type { Route } from '../../api/route.ts';
import { TYPE_PREFIXES } from '../../directory/scopes.ts';
import { invalidToken } from '../../keys/verify/refusals.ts';
import { reportLeakInApp } from '../../leaks/leak-in-app.ts';
import { type Authenticated, addCorsHeaders, authenticateCredential } from './authenticate-key.ts';
import { readAnyJson } from './body.ts';
import type { Exchange } from './exchange.ts';
import { toBodySender } from './input.ts';
import { overloaded, shedLoad } from './overload.ts';
import type { Services } from './services.ts';

/** The path parameter that has the key, on routes of a dialect. */
export const KEY_PARAM = 'write_key';

/** Answers repeat the key; anything longer is not one. */
const PRESENTED_LENGTH_MAX = 200;

/**
 * Finds the key where the dialect's SDKs send it and authenticates it. Only client keys are accepted: the key is in every
 * install of an app. The body is read first only if nothing else has a key, and counts as unverified until the key is. Throws what `authenticateKey` throws.
 */
export async function authenticateDialect(
  services: Services,
  route: Route,
  dialect: Dialect,
  exchange: Exchange,
): Promise<Authenticated> {
  addCorsHeaders(exchange, route, undefined);
  const inHeader = findHeaderKey(exchange);
  const key =
    inHeader ?? exchange.params[KEY_PARAM] ?? (await findBodyKey(services, route, dialect, exchange));
  if (key === undefined) throw noKey();
  exchange.presentedKey = key.slice(0, PRESENTED_LENGTH_MAX);
  if (!key.startsWith(`${TYPE_PREFIXES.client}_`)) {
    if (inHeader === undefined) await reportLeakInApp(services, key, exchange);
    throw wrongType(services, exchange);
  }
  const authenticated = await authenticateCredential(services, route, exchange, key);
  const { body } = exchange;
  if (body && !body.moveTo(toBodySender(exchange, authenticated.caller))) throw overloaded();
  return authenticated;
}

/** Returns the user of `Basic`, or the token of `Bearer`; undefined without the header or its key. */
function findHeaderKey({ raw }: Exchange): string | undefined {
  const [, scheme = '', value = ''] =
    /^(basic|bearer) +(\S+) *$/i.exec(raw.headers.authorization ?? '') ?? [];
  if (scheme.toLowerCase() === 'bearer') return value;
  const [user = ''] = Buffer.from(value, 'base64').toString().split(':', 1);
  return user === '' ? undefined : user;
}

async function findBodyKey(
  services: Services,
  route: Route,
  dialect: Dialect,
  exchange: Exchange,
): Promise<string | undefined> {
  if (!route.body || !dialect.findBodyKey) return undefined;
  // Before the body is read and parsed, which is most of the work.
  shedLoad(services, route);
  const { bodies } = services;
  const sender = { ...toBodySender(exchange, undefined), kind: 'unverified' } as const;
  const value = await readAnyJson({ exchange, sender, bodies }, route.bodyBytesMax);
  exchange.parsedBody = { value };
  const key = dialect.findBodyKey(value);
  return typeof key === 'string' && key !== '' ? key : undefined;
}

const noKey = () =>
  new ApiError('missing_api_key', {
    detail: 'The request has no key where this SDK sends it. Set the key of the SDK to a client key (ck_…).',
    headers: { 'www-authenticate': 'Bearer realm="appflow"' },
  });

/** The same for every key that is not a client key: the answer does not show whether it exists. */
function wrongType({ failures }: Services, { address, requestId }: Exchange): ApiError {
  failures.record({ code: 'invalid_api_key', found: undefined, address, requestId });
  return invalidToken(
    'invalid_api_key',
    'SDKs in apps need a client key (ck_…). Other keys are not accepted here.',
  );
}
