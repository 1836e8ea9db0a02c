import { requirePermission } from '../../api/permission.ts';
import type { RawRequest } from '../../api/raw-request.ts';
import type { Route } from '../../api/route.ts';
import { isStreamed } from '../../api/streamed.ts';
import { type Check, compileCheck } from '../../api/validate.ts';
import type { App } from '../../directory/app.ts';
import type { MaybePromise } from '../../limits/maybe-promise.ts';
import type { Payer } from '../../limits/plan.ts';
import { findRequestCountry } from '../network/country.ts';
import { authenticateDialect, refuseSecretKeyInBody } from './authenticate-dialect.ts';
import { authenticateKey } from './authenticate-key.ts';
import {
  authenticateSession,
  findSignedIn,
  requireOwnSite,
  requireStepUp,
  toBrowserRequest,
} from './authenticate-session.ts';
import { parseBytes, readBytes } from './body.ts';
import { toSent } from './dialect-headers.ts';
import type { AnyCaller, Exchange } from './exchange.ts';
import { findIdempotencyKey } from './idempotency-header.ts';
import {
  type Parsed,
  parseInput,
  recheckApp,
  requireProject,
  resolveRequestApp,
  type ServedRoute,
  toBodySender,
} from './input.ts';
import { shedLoad } from './overload.ts';
import { chargeRefusals, requireSlot, requireWithinLimit, toPayer } from './rate-limits.ts';
import { recheckCaller } from './recheck.ts';
import { requireSdkAllowed } from './sdk-restriction.ts';
import type { Services } from './services.ts';
import { toStreamPermission } from './stream-permission.ts';
import { withSignal } from './with-signal.ts';

const always: Check = () => [];

const NO_HEADERS = {
  ifMatch: undefined,
  lastEventId: undefined,
  idempotencyKey: undefined,
  country: undefined,
  sent: undefined,
};

/** Returns the route ready to be served. */
export function prepareRoute(route: Route<Services>): ServedRoute {
  const checks = {
    params: compileCheck(route.params),
    query: compileCheck(route.query),
    body: route.body ? compileCheck(route.body) : always,
    answer: compileCheck(route.answer.schema),
  };
  return { route, checks };
}

/** Returns the body of a request's answer; throws ApiError, or what a database throws. Frees the memory of its body. */
export async function answerRequest(
  services: Services,
  served: ServedRoute,
  exchange: Exchange,
): Promise<unknown> {
  try {
    const { access } = served.route;
    if (access === 'public') return await answerPublic(services, served, exchange);
    if (access === 'anonymous') return await answerAnonymous(services, served, exchange);
    return await answerCaller(services, served, exchange);
  } finally {
    exchange.body?.release();
  }
}

/**
 * The pipeline: what every request with a credential passes, in this order, which is the security argument. Nothing is
 * revealed before the key or session is verified, no body is read for a caller over its limit, nothing is handled before
 * it is charged, nor with a permission that ended meanwhile. Keys and sessions differ in the first step only.
 */
async function answerCaller(services: Services, served: ServedRoute, exchange: Exchange): Promise<unknown> {
  const { route } = served;
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
): MaybePromise<{ caller: AnyCaller; credential: string }> {
  if (route.dialect) return authenticateDialect(services, route, route.dialect, exchange);
  return route.authentication === 'session'
    ? authenticateSession(services, route, exchange)
    : authenticateKey(services, route, exchange);
}

type Admitted = Parsed & { app: App | undefined; idempotencyKey: ReturnType<typeof findIdempotencyKey> };

/** From the verified caller to the charged request. Throws what refuses it; unless that is a 429, it costs one request. */
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
  if ('key' in caller) requireSdkAllowed(route, exchange, caller.key);
  requireWithinLimit(exchange, limiter.peek(payer));
  const parsed = await parseInput(services, served, exchange, caller);
  if (route.dialect) await refuseSecretKeyInBody(services, route, exchange);
  if ('key' in caller) requireSdkAllowed(route, exchange, caller.key);
  if ('session' in caller) requireStepUp(services, route, caller, parsed);
  const app = resolveRequestApp(services, route, caller, parsed);
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
): MaybePromise<unknown> {
  const { headers } = exchange.raw;
  const members = {
    params: admitted.params,
    query: admitted.query,
    body: admitted.body,
    idempotencyKey: admitted.idempotencyKey,
    caller: current.caller,
    app: current.app,
    raw: route.access === 'signed_in' ? toBrowserRequest(services, exchange) : undefined,
    ifMatch: headers['if-match'],
    lastEventId: headers['last-event-id']?.toString(),
    country: findRequestCountry(exchange.raw, services.config),
    sent: toSent(route, exchange),
  };
  return route.handle(services, withSignal(members, exchange));
}

/** A path that needs no permission: health, docs, and hooks that verify the request themselves. */
async function answerPublic(services: Services, served: ServedRoute, exchange: Exchange): Promise<unknown> {
  const { params } = exchange;
  const empty = { ...NO_HEADERS, query: {}, body: undefined, app: undefined, caller: undefined };
  const members = { ...empty, params, raw: toRaw(services, exchange) };
  return checkAnswer(served, await served.route.handle(services, withSignal(members, exchange)));
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
  const parsed = await parseInput(services, served, exchange, undefined);
  const caller = await findSignedIn(services, exchange);
  const raw = toBrowserRequest(services, exchange);
  const members = { ...NO_HEADERS, ...parsed, app: undefined, caller, raw };
  return checkAnswer(served, await route.handle(services, withSignal(members, exchange)));
}

function toRaw({ bodies }: Services, exchange: Exchange): RawRequest {
  const { raw, requestId, address, network } = exchange;
  const body = { exchange, sender: toBodySender(exchange, undefined), bodies };
  return {
    address,
    network,
    headers: raw.headers,
    requestId,
    readBody: (bytesMax) => readBytes(body, bytesMax),
    parseBody: (bytes) => parseBytes(body, bytes),
  };
}

/** An answer that breaks its own schema is our bug: an error is better than a client that fails on it. */
function checkAnswer({ route, checks }: ServedRoute, answer: unknown): unknown {
  if (isStreamed(answer)) return answer;
  if (answer === undefined && route.answer.mayBeEmpty) return answer;
  const errors = checks.answer(answer);
  if (errors.length === 0) return answer;
  throw new Error(`${route.method} ${route.path} answered against its schema: ${JSON.stringify(errors)}`);
}
