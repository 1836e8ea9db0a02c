import type { KeyCaller, MemberCaller } from '../../api/caller.ts';
import { findDialect } from '../../api/dialect.ts';
import { ApiError, type FieldError, validationFailed } from '../../api/errors.ts';
import { findInvalidCharacters } from '../../api/invalid-characters.ts';
import { ALL_APPS, findRequestedApp } from '../../api/resources.ts';
import type { Route } from '../../api/route.ts';
import type { Check } from '../../api/validate.ts';
import type { App } from '../../directory/app.ts';
import { type BodySender, kindOfSender } from '../../limits/body-budget.ts';
import { type MaybePromise, thenMaybe } from '../../limits/maybe-promise.ts';
import { type BodyRequest, readAnyJson, readJson } from './body.ts';
import type { AnyCaller, Exchange } from './exchange.ts';
import { parseQuery } from './query.ts';
import type { Services } from './services.ts';

/** A route with its schemas compiled. */
export type ServedRoute = {
  route: Route<Services>;
  checks: { params: Check; query: Check; body: Check; answer: Check };
};

/** What a request asks for, validated. */
export type Parsed = { params: Record<string, unknown>; query: Record<string, unknown>; body: unknown };

/** A request without a body has neither a length nor chunks (RFC 9112 §6.3). */
function readBody(route: Route, body: BodyRequest): MaybePromise<unknown> {
  const { 'content-length': length = '0', 'transfer-encoding': chunks } = body.exchange.raw.headers;
  if (route.isBodyOptional && length === '0' && chunks === undefined) return {};
  return route.dialect ? readAnyJson(body, route.bodyBytesMax) : readJson(body, route.bodyBytesMax);
}

/** Returns who sends the body of a request, for the memory it may take. */
export function toBodySender({ network }: Exchange, caller: AnyCaller | undefined): BodySender {
  if (caller === undefined) return { kind: 'anonymous', callerId: undefined, network };
  if (!('key' in caller)) return { kind: 'trusted', callerId: caller.session.person.id, network };
  const { id, type } = caller.key;
  return { kind: kindOfSender(type), callerId: id, network };
}

/** Reads and validates path, query and body. Throws 422 with every invalid field. */
export function parseInput(
  { bodies }: Services,
  served: ServedRoute,
  exchange: Exchange,
  caller: AnyCaller | undefined,
): MaybePromise<Parsed> {
  const { route } = served;
  const { params } = exchange;
  const query = parseQuery(exchange.search, route.query);
  if (!route.body) return validate(served, { params, query, body: undefined });
  const known = exchange.parsedBody;
  if (known) return validate(served, { params, query, body: known.value });
  const body = readBody(route, { exchange, sender: toBodySender(exchange, caller), bodies });
  return thenMaybe(body, (read) => {
    // An error is answered in the dialect of the body.
    if (route.dialect) exchange.parsedBody = { value: read, sdkId: findDialect(route.dialect, read)?.id };
    return validate(served, { params, query, body: read });
  });
}

function findInvalid({ limit }: Route, { params, query, body }: Parsed): FieldError[] {
  // Events have rules of their own: half a character is no reason to lose one.
  if (limit === 'events') return [];
  // A filter may be compared with a property of events, which may contain U+0000.
  if (limit === 'analytics') return findInvalidCharacters(body, { allowsNul: true });
  return [params, query, body].flatMap((part) => findInvalidCharacters(part, { allowsNul: false }));
}

function validate({ route, checks }: ServedRoute, { params, query, body }: Parsed): Parsed {
  const invalid = findInvalid(route, { params, query, body });
  if (invalid.length > 0) throw validationFailed(invalid);
  const [ofPath, ofQuery, ofBody] = [checks.params(params), checks.query(query), checks.body(body)];
  if (ofPath.length + ofQuery.length + ofBody.length > 0)
    throw validationFailed([...ofPath, ...ofQuery, ...ofBody]);
  return { params, query, body };
}

function appIdIn(route: Route, { query, body }: Parsed): string | undefined {
  const holder = route.app?.from === 'query' ? query : body;
  const hasAppId = typeof holder === 'object' && holder !== null && 'app_id' in holder;
  return hasAppId && typeof holder.app_id === 'string' ? holder.app_id : undefined;
}

/** Returns the app the request names, or the only one the caller can use. Throws 404, 403, or 422 if one is required. */
export function resolveRequestApp(
  { directory }: Services,
  route: Route,
  caller: AnyCaller,
  parsed: Parsed,
): App | undefined {
  if (!route.app) return undefined;
  const appId = appIdIn(route, parsed);
  if (route.app.acceptsAll && appId === ALL_APPS) return undefined;
  const app = findRequestedApp(directory, requireProject(caller), appId);
  if (app === undefined && route.app.isRequired(parsed.body)) throw new ApiError('app_required');
  return app;
}

/** Returns the request's app as it is now: resolved again if the caller or the app changed meanwhile. */
export function recheckApp(
  services: Services,
  route: Route,
  admitted: Parsed & { app: App | undefined },
  before: AnyCaller,
  current: AnyCaller,
): App | undefined {
  const { app } = admitted;
  const isUnchanged = before === current && (!app || services.directory.findApp(app.id) === app);
  return isUnchanged ? app : resolveRequestApp(services, route, current, admitted);
}

/** A route that needs a scope has its project in the path, or from the key. */
export function requireProject(caller: AnyCaller): KeyCaller | MemberCaller {
  if ('project' in caller) return caller;
  throw new Error('A route that asks for a scope is not in a project.');
}
