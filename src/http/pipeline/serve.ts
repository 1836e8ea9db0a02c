import type { IncomingMessage } from 'node:http';
import type { KeyCaller } from '../../api/caller.ts';
import { ApiError, validationFailed } from '../../api/errors.ts';
import { requirePermission } from '../../api/permission.ts';
import type { RawRequest } from '../../api/raw-request.ts';
import { findRequestedApp } from '../../api/resources.ts';
import type { Route } from '../../api/route.ts';
import { isStreamed } from '../../api/streamed.ts';
import { type Check, compileCheck } from '../../api/validate.ts';
import type { App } from '../../directory/app.ts';
import { authenticateKey, recheckKey, requireUsageAllowed } from './authenticate-key.ts';
import {
  authenticateSession,
  findSignedIn,
  readSessionToken,
  recheckSession,
  requireOwnSite,
  requireStepUp,
  toBrowserRequest,
} from './authenticate-session.ts';
import { readBytes, readJson } from './body.ts';
import { readCredential } from './credential.ts';
import { type AnyCaller, addressOf, type Exchange } from './exchange.ts';
import { findIdempotencyKey } from './idempotency.ts';
import { shedLoad } from './overload.ts';
import { parseQuery } from './query.ts';
import { chargeRefusals, isStreamRoute, requireSlot, requireWithinLimit, toPayer } from './rate-limits.ts';
import { actingFor } from './recheck-writes.ts';
import type { Services } from './services.ts';
import { toStreamPermission, type WatchedMember } from './stream-permission.ts';

/** A route with its schemas compiled. */
export type ServedRoute = {
  route: Route<Services>;
  checks: { params: Check; query: Check; body: Check; answer: Check };
};

type Parsed = { params: Record<string, unknown>; query: Record<string, unknown>; body: unknown };

const always: Check = () => [];

const NO_HEADERS = { ifMatch: undefined, lastEventId: undefined, idempotencyKey: undefined };

/** Returns the route ready to be served. Throws when a schema is wrong: at start rather than at a request. */
export function prepareRoute(route: Route<Services>): ServedRoute {
  const checks = {
    params: compileCheck(route.params),
    query: compileCheck(route.query),
    body: route.body ? compileCheck(route.body) : always,
    answer: compileCheck(route.answer.schema),
  };
  return { route, checks };
}

/**
 * The one way through: what every request passes, in this order. The order is the security argument (nothing is told
 * before the key or the session is proved, no body is read for a caller over the limit, nothing is handled before it is
 * charged, nor for a right that ended meanwhile), so it stands in one place, for both doors: they differ in whose
 * credential they take, and in nothing after.
 * Returns the body of the success; throws ApiError, or what a database throws.
 */
export async function answerRequest(
  services: Services,
  served: ServedRoute,
  exchange: Exchange,
): Promise<unknown> {
  const { route } = served;
  const { limiter } = services;
  if (route.access === 'public') return answerPublic(services, served, exchange);
  if (route.access === 'anonymous') return answerAnonymous(services, served, exchange);
  const { access } = route;
  const entered = await authenticate(services, route, exchange);
  shedLoad(services, route);
  const limited = toPayer(entered, route);
  const input = await chargeRefusals(services, limited, exchange, async () => {
    if (access !== 'signed_in') requirePermission(requireProject(entered).principal, route, exchange.params);
    requireWithinLimit(exchange, limiter.peek(limited));
    const parsed = await parseInput(served, exchange);
    if ('session' in entered) requireStepUp(services, route, entered, parsed);
    const app = findApp(services, route, entered, parsed);
    const source = toIdempotencySource(services, exchange, entered);
    const idempotencyKey = findIdempotencyKey(services, route, exchange, source, parsed.body);
    exchange.slot = requireSlot(
      await limiter.enter({ ...limited, isStream: isStreamRoute(route) }, exchange),
    );
    requireWithinLimit(exchange, await limiter.charge({ ...limited, events: route.eventCount(parsed.body) }));
    return { ...parsed, app, idempotencyKey };
  });
  // A body may take a minute to come, a slot two seconds: a key revoked meanwhile must not act, nor make another.
  const caller = await recheckCaller(services, route, exchange, entered);
  const isAsBefore = caller === entered && isAppAsBefore(services, input.app);
  const answer = await route.handle(actingFor(services, route, exchange.params, caller), {
    ...input,
    app: isAsBefore ? input.app : findApp(services, route, caller, input),
    caller,
    raw: access === 'signed_in' ? toBrowserRequest(services, exchange) : undefined,
    ifMatch: exchange.raw.headers['if-match'],
    lastEventId: exchange.raw.headers['last-event-id']?.toString(),
    // Made when a handler looks at it: most requests are answered before anyone could hang up.
    get signal() {
      return exchange.signal;
    },
  });
  const body = checkAnswer(served, answer);
  if (isStreamed(body))
    exchange.streamPermission = toStreamPermission(
      route,
      exchange.raw.headers.origin,
      requireProject(caller),
      body,
    );
  else Object.assign(exchange.headers, route.answer.headersOf?.(body));
  return body;
}

/** A path that asks for nothing: health, docs, and hooks that judge the request themselves. */
async function answerPublic(services: Services, served: ServedRoute, exchange: Exchange): Promise<unknown> {
  const { params, signal } = exchange;
  const nothing = { ...NO_HEADERS, query: {}, body: undefined, app: undefined, caller: undefined };
  const raw = toRaw(services, exchange);
  return checkAnswer(served, await served.route.handle(services, { ...nothing, params, signal, raw }));
}

/** A page of ours whose reader need not be signed in. What it asks for limits itself, by account and address. */
async function answerAnonymous(
  services: Services,
  served: ServedRoute,
  exchange: Exchange,
): Promise<unknown> {
  const { route } = served;
  requireOwnSite(services, exchange);
  shedLoad(services, route);
  const parsed = await parseInput(served, exchange);
  const caller = await findSignedIn(services, exchange);
  const { signal } = exchange;
  const raw = toBrowserRequest(services, exchange);
  return checkAnswer(
    served,
    await route.handle(services, { ...NO_HEADERS, ...parsed, app: undefined, caller, signal, raw }),
  );
}

/** Each door takes its own credential and looks at no other: cookies are nothing under /v1, keys nothing under /app/v1. */
async function authenticate(services: Services, route: Route, exchange: Exchange): Promise<AnyCaller> {
  if (route.authentication === 'session') return authenticateSession(services, route, exchange);
  const caller = await authenticateKey(services, route, exchange);
  requireUsageAllowed(services, route, exchange, caller);
  services.usage.touch(caller, caller.address, exchange.raw.headers);
  services.firstUse.note(caller);
  return caller;
}

/**
 * Returns the caller as it is by now: for a key, the very same object while nothing changed. Throws what the same
 * request would get if it came now.
 */
function recheckCaller(
  services: Services,
  route: Route,
  exchange: Exchange,
  caller: AnyCaller,
): AnyCaller | Promise<AnyCaller> {
  if (!('key' in caller)) return recheckSession(services, route, exchange, caller);
  const catchingUp = services.directory.ensureFresh();
  if (catchingUp === undefined) return recheckKey(services, route, exchange, caller);
  return catchingUp.then(() => recheckKey(services, route, exchange, caller));
}

const isAppAsBefore = ({ directory }: Services, app: App | undefined) =>
  app === undefined || directory.findApp(app.id) === app;

/** A route that asks for a scope has its project in the path, or from the key. */
function requireProject(caller: AnyCaller): KeyCaller | WatchedMember {
  if ('project' in caller) return caller;
  throw new Error('A route that asks for a scope is not in a project.');
}

function toIdempotencySource(services: Services, exchange: Exchange, caller: AnyCaller) {
  if ('key' in caller) {
    return { callerId: caller.key.id, readCredential: () => readCredential(exchange.raw.rawHeaders) };
  }
  const readToken = () => readSessionToken(services, exchange) ?? '';
  return { callerId: caller.session.person.id, readCredential: readToken };
}

function toRaw(services: Services, exchange: Exchange): RawRequest {
  const { raw, requestId } = exchange;
  const { ip: address, network } = addressOf(services, exchange);
  return {
    address,
    network,
    headers: raw.headers,
    requestId,
    readBody: (bytesMax) => readBytes(raw, bytesMax),
  };
}

/** A request without a body has neither a length nor chunks (RFC 9112 §6.3). */
function readBody(route: Route, raw: IncomingMessage): Promise<unknown> | unknown {
  const { 'content-length': length = '0', 'transfer-encoding': chunks } = raw.headers;
  if (route.isBodyOptional && length === '0' && chunks === undefined) return {};
  return readJson(raw, route.bodyBytesMax);
}

/** Reads and validates path, query and body; every unacceptable field is told at once. */
async function parseInput({ route, checks }: ServedRoute, exchange: Exchange): Promise<Parsed> {
  const { params } = exchange;
  const query = parseQuery(exchange.search, route.query);
  const body = route.body ? await readBody(route, exchange.raw) : undefined;
  const errors = [...checks.params(params), ...checks.query(query), ...checks.body(body)];
  if (errors.length > 0) throw validationFailed(errors);
  return { params, query, body };
}

function appIdIn(route: Route, { query, body }: Parsed): string | undefined {
  const holder = route.app?.from === 'query' ? query : body;
  const hasAppId = typeof holder === 'object' && holder !== null && 'app_id' in holder;
  return hasAppId && typeof holder.app_id === 'string' ? holder.app_id : undefined;
}

function findApp({ directory }: Services, route: Route, caller: AnyCaller, parsed: Parsed): App | undefined {
  if (!route.app) return undefined;
  const app = findRequestedApp(directory, requireProject(caller), appIdIn(route, parsed));
  if (app === undefined && route.app.isRequired(parsed.body)) throw new ApiError('app_required');
  return app;
}

/** An answer that breaks its own schema is our defect: better an error than a client that trips over it. */
function checkAnswer({ route, checks }: ServedRoute, answer: unknown): unknown {
  if (isStreamed(answer)) return answer;
  if (answer === undefined && route.answer.mayBeEmpty) return answer;
  const errors = checks.answer(answer);
  if (errors.length === 0) return answer;
  throw new Error(`${route.method} ${route.path} answered against its schema: ${JSON.stringify(errors)}`);
}
