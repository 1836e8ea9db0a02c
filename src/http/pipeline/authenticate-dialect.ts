import { type Dialect, findDialect } from '../../api/dialect.ts';
import { ApiError } from '../../api/errors.ts';
import type { Route } from '../../api/route.ts';
import { invalidToken } from '../../keys/verify/refusals.ts';
import { findBySecret } from '../../keys/verify/verify.ts';
import { reportLeakInApp } from '../../leaks/leak-in-app.ts';
import {
  type Authenticated,
  addCorsHeaders,
  authenticateCredential,
  chargeUnknownKey,
} from './authenticate-key.ts';
import { readAnyJson } from './body.ts';
import { echoHeader } from './dialect-headers.ts';
import {
  isClientKey,
  isSecretKey,
  listKeysInHeaders,
  listKeysInUrl,
  listSecretKeysInQuery,
} from './dialect-keys.ts';
import type { Exchange } from './exchange.ts';
import { toBodySender } from './input.ts';
import { overloaded, shedLoad } from './overload.ts';
import type { Services } from './services.ts';

/** Answers repeat the key; anything longer is not one. */
const PRESENTED_LENGTH_MAX = 200;

/**
 * Finds the key where the dialect's SDKs send it and authenticates it. Only client keys are accepted: the key is in every
 * install of an app. A credential that is none of ours hides no key in a later place. The body is read first only if nothing else has
 * a key, and counts as unverified until the key is. Throws what `authenticateKey` throws.
 */
export async function authenticateDialect(
  services: Services,
  route: Route,
  dialect: Dialect,
  exchange: Exchange,
): Promise<Authenticated> {
  addCorsHeaders(exchange, route, undefined);
  echoHeader(dialect, exchange);
  const key = await findKey(services, route, dialect, exchange);
  if (key === undefined) throw noKey();
  exchange.presentedKey = key.slice(0, PRESENTED_LENGTH_MAX);
  if (!isClientKey(key)) throw wrongType(services, exchange);
  const authenticated = await authenticateCredential(services, route, exchange, key);
  const { body } = exchange;
  if (body && !body.moveTo(toBodySender(exchange, authenticated.caller))) throw overloaded();
  return authenticated;
}

/** Returns the client key, or what the request has instead of one. Throws 401 if it has a secret key, wherever that is. */
async function findKey(
  services: Services,
  route: Route,
  dialect: Dialect,
  exchange: Exchange,
): Promise<string | undefined> {
  const inUrl = listKeysInUrl(exchange, dialect);
  await refuseLeakedKeys(services, exchange, [...inUrl, ...listSecretKeysInQuery(exchange)]);
  const before = [...listKeysInHeaders(exchange, dialect), ...inUrl];
  await refuseSecretKey(services, exchange, before.find(isSecretKey));
  const found = before.find(isClientKey);
  if (found !== undefined) return found;
  const inBody = await findBodyKey(services, route, dialect, exchange);
  if (inBody !== undefined) await refuseLeakedKeys(services, exchange, [inBody]);
  return inBody ?? before[0];
}

/**
 * Throws 401 for a secret key in a header, which may come from a backend. It is not treated as leaked: a wrong setting there must
 * not revoke a key that works elsewhere.
 */
async function refuseSecretKey(
  services: Services,
  exchange: Exchange,
  key: string | undefined,
): Promise<void> {
  if (key === undefined) return;
  exchange.presentedKey = key;
  const refusal = wrongType(services, exchange);
  const { directory, pepper, retiredPeppers } = services;
  await directory.ensureFresh();
  if (!findBySecret(key, directory, pepper, retiredPeppers)) await chargeUnknownKey(services, exchange);
  throw refusal;
}

/**
 * Throws 401 if the body has a secret key although the client key is somewhere else, or in a later event of the batch. Call it once the
 * body is parsed.
 */
export async function refuseSecretKeyInBody(
  services: Services,
  { dialect }: Route,
  exchange: Exchange,
): Promise<void> {
  if (!exchange.parsedBody || !dialect?.listBodyKeys) return;
  const texts = dialect.listBodyKeys(exchange.parsedBody.value).filter((key) => typeof key === 'string');
  await refuseLeakedKeys(services, exchange, texts);
}

/**
 * Reports the secret keys among texts of a body or URL as leaked, and throws 401 if there are any: SDKs put them there in apps,
 * where everyone can read them, and URLs are logged. Those that are unknown are guesses, and charged as such.
 */
async function refuseLeakedKeys(services: Services, exchange: Exchange, texts: string[]): Promise<void> {
  const secrets = new Set(texts.filter(isSecretKey));
  if (secrets.size === 0) return;
  for (const secret of secrets) {
    exchange.presentedKey = secret;
    // Charged one by one: a body with thousands of guesses ends at the limit, before the others are looked up.
    if (!(await reportLeakInApp(services, secret, exchange))) await chargeUnknownKey(services, exchange);
  }
  throw wrongType(services, exchange);
}

async function findBodyKey(
  services: Services,
  route: Route,
  dialect: Dialect,
  exchange: Exchange,
): Promise<string | undefined> {
  if (!route.body || !dialect.listBodyKeys) return undefined;
  // Before the body is read and parsed, which is most of the work.
  shedLoad(services, route);
  const { bodies } = services;
  const sender = { ...toBodySender(exchange, undefined), kind: 'unverified' } as const;
  const value = await readAnyJson({ exchange, sender, bodies }, route.bodyBytesMax);
  exchange.parsedBody = { value, sdkId: findDialect(dialect, value)?.id };
  const [key] = dialect.listBodyKeys(value);
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
