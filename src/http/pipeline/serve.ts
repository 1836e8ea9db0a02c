import type { IncomingMessage } from 'node:http';
import type { KeyCaller, MemberCaller } from '../../api/caller.ts';
import { ApiError, validationFailed } from '../../api/errors.ts';
import { requirePermission } from '../../api/permission.ts';
import type { RawRequest } from '../../api/raw-request.ts';
import { findRequestedApp } from '../../api/resources.ts';
import type { Route } from '../../api/route.ts';
import { isStreamed } from '../../api/streamed.ts';
import { type Check, compileCheck } from '../../api/validate.ts';
import type { App } from '../../directory/app.ts';
import type { Payer } from '../../limits/plan.ts';
import { authenticateKey } from './authenticate-key.ts';
import {
  authenticateSession,
  findSignedIn,
  requireOwnSite,
  requireStepUp,
  toBrowserRequest,
} from './authenticate-session.ts';
import { readBytes, readJson } from './body.ts';
import type { AnyCaller, Exchange } from './exchange.ts';
import { findIdempotencyKey } from './idempotency-header.ts';
import { shedLoad } from './overload.ts';
import { parseQuery } from './query.ts';
import { chargeRefusals, requireSlot, requireWithinLimit, toPayer } from './rate-limits.ts';
import { recheckCaller } from './recheck.ts';
import type { Services } from './services.ts';
import { toStreamPermission } from './stream-permission.ts';

/** A route with its schemas compiled. */
export type ServedRoute = {
  route: Route<Services>;
  checks: { params: Check; query: Check; body: Check; answer: Check };
};

type Parsed = { params: Record<string, unknown>; query: Record<string, unknown>; body: unknown };

const always: Check = () => [];

const NO_HEADERS = { ifMatch: undefined, lastEventId: undefined, idempotencyKey: undefined };

/** Returns the route ready to be served. Throws if a schema is wrong: at start rather than at a request. */
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
 * The pipeline: what every request passes, in this order, which is the security argument. Nothing is revealed before the
 * key or session is verified, no body is read for a caller over its limit, nothing is handled before it is charged, nor
 * with a permission that ended meanwhile. Keys and sessions differ in the first step only.
 * Returns the body of the answer; throws ApiError, or what a database throws.
 */
export async function answerRequest(
  services: Services,
  served: ServedRoute,
  exchange: Exchange,
): Promise<unknown> {
  const { route } = served;
  if (route.access === 'public') return answerPublic(services, served, exchange);
  if (route.access === 'anonymous') return answerAnonymous(services, served, exchange);
  const { caller, credential } = await authenticate(services, route, exchange);
  shedLoad(services, route);
  const payer = toPayer(caller, route);
  const admitted = await chargeRefusals(services, payer, exchange, () =>
    admit(services, served, exchange, { caller, credential, payer }),
  );
  const current = await recheckCaller(services, route, exchange, caller);
  const answer = await handle(services, route, exchange, admitted, {
    caller: current,
    app: recheckApp(services, route, admitted, caller, current),
  });
  const body = checkAnswer(served, answer);
  if (isStreamed(body)) {
    const { origin } = exchange.raw.headers;
    exchange.streamPermission = toStreamPermission(route, origin, requireProject(current), body);
  } else Object.assign(exchange.headers, route.answer.headersOf?.(body));
  return body;
}

/** Each path takes its own credential and ignores the other: cookies mean nothing under /v1, keys nothing under /app/v1. */
function authenticate(
  services: Services,
  route: Route,
  exchange: Exchange,
): Promise<{ caller: AnyCaller; credential: string }> {
  return route.authentication === 'session'
    ? authenticateSession(services, route, exchange)
    : authenticateKey(services, route, exchange);
}

type Admitted = Parsed & { app: App | undefined; idempotencyKey: ReturnType<typeof findIdempotencyKey> };

/** From the verified caller to the charged request. Throws what refuses it; a refusal is charged one request. */
async function admit(
  services: Services,
  served: ServedRoute,
  exchange: Exchange,
  { caller, credential, payer }: { caller: AnyCaller; credential: string; payer: Payer },
): Promise<Admitted> {
  const { route } = served;
  const { limiter } = services;
  if (route.access !== 'signed_in')
    requirePermission(requireProject(caller).principal, route, exchange.params);
  requireWithinLimit(exchange, limiter.peek(payer));
  const parsed = await parseInput(served, exchange);
  if ('session' in caller) requireStepUp(services, route, caller, parsed);
  const app = findApp(services, route, caller, parsed);
  const idempotencyKey = findIdempotencyKey(services, route, exchange, { caller, credential }, parsed.body);
  exchange.slot = await requireSlot(services, route, exchange, payer);
  requireWithinLimit(exchange, await limiter.charge({ ...payer, events: route.eventCount(parsed.body) }));
  return { ...parsed, app, idempotencyKey };
}

function handle(
  services: Services,
  route: Route<Services>,
  exchange: Exchange,
  admitted: Admitted,
  current: { caller: AnyCaller; app: App | undefined },
): Promise<unknown> | unknown {
  const { headers } = exchange.raw;
  return route.handle(services, {
    ...admitted,
    ...current,
    raw: route.access === 'signed_in' ? toBrowserRequest(services, exchange) : undefined,
    ifMatch: headers['if-match'],
    lastEventId: headers['last-event-id']?.toString(),
    get signal() {
      return exchange.signal;
    },
  });
}

/** A path that needs no permission: health, docs, and hooks that verify the request themselves. */
async function answerPublic(services: Services, served: ServedRoute, exchange: Exchange): Promise<unknown> {
  const { params, signal } = exchange;
  const empty = { ...NO_HEADERS, query: {}, body: undefined, app: undefined, caller: undefined };
  const raw = toRaw(exchange);
  return checkAnswer(served, await served.route.handle(services, { ...empty, params, signal, raw }));
}

/** A request of the dashboard that needs no session. Its handler applies the limits, per account and address. */
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

/** A route that needs a scope has its project in the path, or from the key. */
function requireProject(caller: AnyCaller): KeyCaller | MemberCaller {
  if ('project' in caller) return caller;
  throw new Error('A route that asks for a scope is not in a project.');
}

function toRaw({ raw, requestId, address, network }: Exchange): RawRequest {
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

/** Reads and validates path, query and body. Throws 422 with every invalid field. */
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

/** Returns the request's app as it is now: resolved again if the caller or the app changed meanwhile. */
function recheckApp(
  services: Services,
  route: Route,
  admitted: Admitted,
  before: AnyCaller,
  current: AnyCaller,
): App | undefined {
  const { app } = admitted;
  const isUnchanged = before === current && (!app || services.directory.findApp(app.id) === app);
  return isUnchanged ? app : findApp(services, route, current, admitted);
}

/** An answer that breaks its own schema is our bug: an error is better than a client that fails on it. */
function checkAnswer({ route, checks }: ServedRoute, answer: unknown): unknown {
  if (isStreamed(answer)) return answer;
  if (answer === undefined && route.answer.mayBeEmpty) return answer;
  const errors = checks.answer(answer);
  if (errors.length === 0) return answer;
  throw new Error(`${route.method} ${route.path} answered against its schema: ${JSON.stringify(errors)}`);
}
