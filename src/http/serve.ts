import type { IncomingMessage } from 'node:http';
import type { App } from '../apps/app.ts';
import { findRequestedApp } from '../apps/resolve.ts';
import type { Actor } from '../keys/actor.ts';
import { noteFirstUse } from '../keys/first-use.ts';
import { endOfSecret } from '../keys/key.ts';
import type { KeyUse } from '../keys/usage-tally.ts';
import { verify } from '../keys/verify.ts';
import { callerNetwork } from '../lib/ip.ts';
import type { LimitedRequest, Verdict as LimitVerdict } from '../limits/limiter.ts';
import type { Services } from '../services.ts';
import { resolveAddress } from './address.ts';
import { readBytes, readJson } from './body.ts';
import { invalidToken, readCredential } from './credential.ts';
import { ApiError, validationFailed } from './errors.ts';
import { findIntent } from './intent.ts';
import { corsHeaders, requireAddress, requireOrigin, requireScope } from './permit.ts';
import { parseQuery } from './query.ts';
import { type Caller, isExport, type RawRequest, type Route } from './route.ts';
import { type Check, compileCheck } from './validate.ts';

/** What the HTTP server hands to the pipeline. `params` are the path's, decoded; `search` is what follows the `?`. */
export type Exchange = {
  raw: IncomingMessage;
  params: Record<string, string>;
  search: string;
  signal: AbortSignal;
  /** Headers of the answer, success or not; each step adds its own. */
  headers: Record<string, string>;
  requestId: string;
  /** Set once verified: the log names it. */
  keyId: string | undefined;
  /** Set once the key is known, good or not: the answer is counted there. */
  use: KeyUse | undefined;
};

/** A route with its schemas compiled. */
export type ServedRoute = {
  route: Route;
  checks: { params: Check; query: Check; body: Check; answer: Check };
};

type Parsed = { params: Record<string, unknown>; query: Record<string, unknown>; body: unknown };

const always: Check = () => [];

const NO_HEADERS = { ifMatch: undefined, intent: undefined };

/** Returns the route ready to be served. Throws when a schema is wrong: at start rather than at a request. */
export function prepareRoute(route: Route): ServedRoute {
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
 * before the key is proved, no body is read for a caller over the limit, nothing is handled before it is charged), so
 * it stands in one place. Returns the body of the success; throws ApiError, or what a database throws.
 */
export async function answerRequest(
  services: Services,
  served: ServedRoute,
  exchange: Exchange,
): Promise<unknown> {
  const { route } = served;
  const { limiter, directory } = services;
  if (route.access === 'public') {
    const { params, signal } = exchange;
    const nothing = { ...NO_HEADERS, query: {}, body: undefined, app: undefined, caller: undefined };
    const raw = toRaw(services, exchange);
    return checked(served, await route.handle(services, { ...nothing, params, signal, raw }));
  }
  const { access } = route;
  const caller = await authenticate(services, route, exchange);
  requireAddress(caller.key, caller.address);
  requireOrigin(caller.key, exchange.raw.headers.origin, route.cors);
  const noted = noteFirstUse(services, caller);
  if (noted !== undefined) await noted;
  const limited = {
    keyId: caller.key.id,
    keyType: caller.key.type,
    category: route.limit,
    keyLimits: caller.key.rateLimits,
    projectLimits: caller.project.rateLimits,
  };
  const input = await chargedWhenRefused(services, limited, exchange, async () => {
    requireScope(caller.key, access);
    passLimit(exchange, limiter.peek(limited));
    const parsed = await parseInput(served, exchange);
    const app =
      route.app && chooseApp(findRequestedApp(directory, caller, appIdIn(route, parsed)), route, parsed.body);
    const intent = findIntent(services, route, exchange.raw, caller, parsed.body);
    passLimit(exchange, limiter.charge({ ...limited, events: route.eventCount(parsed.body) }));
    return { ...parsed, app, intent };
  });
  const answer = await route.handle(services, {
    ...input,
    caller,
    raw: undefined,
    ifMatch: exchange.raw.headers['if-match'],
    // Made when a handler looks at it: most requests are answered before anyone could hang up.
    get signal() {
      return exchange.signal;
    },
  });
  const body = checked(served, answer);
  if (!isExport(body)) Object.assign(exchange.headers, route.answer.headersOf?.(body));
  return body;
}

function toRaw(services: Services, exchange: Exchange): RawRequest {
  const { raw, requestId } = exchange;
  const address = addressOf(services, exchange);
  return { address, headers: raw.headers, requestId, readBody: (bytesMax) => readBytes(raw, bytesMax) };
}

function addressOf({ config }: Services, { raw }: Exchange): string {
  const forwarded = raw.headers['x-forwarded-for'];
  return resolveAddress(raw.socket.remoteAddress ?? '', forwarded?.toString(), config.trustedProxies);
}

/** Credential → look-up → state. Whoever gets past this proved possession of a live key. */
async function authenticate(services: Services, route: Route, exchange: Exchange): Promise<Caller> {
  const { directory, pepper, retiredPeppers, clock, limiter } = services;
  const { rawHeaders, headers } = exchange.raw;
  Object.assign(exchange.headers, corsHeaders(route.cors, headers.origin, undefined));
  const secret = readCredential(rawHeaders);
  // Only when another process changed something: in the common case nothing is awaited.
  const catchingUp = directory.ensureFresh();
  if (catchingUp !== undefined) await catchingUp;
  const verdict = verify(secret, directory, pepper, clock.now(), retiredPeppers);
  const address = addressOf(services, exchange);
  if (!verdict.ok) {
    if (verdict.found) exchange.use = services.usage.look(verdict.found.key.id);
    const { requestId } = exchange;
    services.failures.note({ code: verdict.refusal.code, found: verdict.found, address, requestId });
    // Consulted only for well-formed keys nobody knows: a verified key is never refused because of its address.
    if (verdict.refusal.unknown) {
      passFailedAuthentication(limiter.chargeFailedAuthentication(callerNetwork(address)));
    }
    throw invalidToken(verdict.refusal.code);
  }
  const { key, secret: shown } = verdict.found;
  if (verdict.isRetired) services.rehash.note(secret, verdict.found);
  const project = directory.findProject(key.projectId);
  if (!project) throw new Error(`Key ${key.id} belongs to project ${key.projectId}, which does not exist.`);
  exchange.keyId = key.id;
  exchange.use = services.usage.touch(verdict.found, address, headers);
  const end = endOfSecret(key, shown);
  if (end !== null) exchange.headers['appflow-key-expires'] = new Date(end).toISOString();
  Object.assign(exchange.headers, corsHeaders(route.cors, headers.origin, key));
  const actor: Actor = { type: 'key', id: key.id, ip: address, requestId: exchange.requestId };
  return { key, secret: shown, project, address, actor };
}

/** A request refused once its key is proved costs one request: a flood of refusals is limited like any other. */
async function chargedWhenRefused<T>(
  { limiter }: Services,
  limited: LimitedRequest,
  exchange: Exchange,
  step: () => Promise<T>,
): Promise<T> {
  try {
    return await step();
  } catch (error) {
    const isRefusal = error instanceof ApiError && error.code !== 'rate_limited';
    if (isRefusal) Object.assign(exchange.headers, limiter.chargeRefusal(limited).headers);
    throw error;
  }
}

/** Throws 429 with the exact wait, or 413 for a batch that no waiting would let through. */
function passLimit(exchange: Exchange, verdict: LimitVerdict): void {
  if (verdict.allowed) {
    Object.assign(exchange.headers, verdict.headers);
    return;
  }
  if (verdict.impossible) {
    const { cost, burst, policy } = verdict;
    throw new ApiError('payload_too_large', {
      detail: `The batch holds ${cost} events, but the limit "${policy}" never lets more than ${burst} through at once.`,
    });
  }
  const { category, policy, retryAfterMs, retryAfterSeconds, headers } = verdict;
  throw new ApiError('rate_limited', {
    detail: `The limit "${policy}" of this key is used up. Try again in ${retryAfterSeconds} s.`,
    members: { category, policy, retry_after_ms: retryAfterMs },
    headers,
  });
}

function passFailedAuthentication(retryAfterSeconds: number | undefined): void {
  if (retryAfterSeconds === undefined) return;
  throw new ApiError('too_many_failed_authentications', {
    headers: { 'Retry-After': String(retryAfterSeconds) },
  });
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

function chooseApp(app: App | undefined, route: Route, body: unknown): App | undefined {
  if (app === undefined && route.app?.isRequired(body)) throw new ApiError('app_required');
  return app;
}

/** An answer that breaks its own schema is our defect: better an error than a client that trips over it. */
function checked({ route, checks }: ServedRoute, answer: unknown): unknown {
  if (isExport(answer)) return answer;
  if (answer === undefined && route.answer.mayBeEmpty) return answer;
  const errors = checks.answer(answer);
  if (errors.length === 0) return answer;
  throw new Error(`${route.method} ${route.path} answered against its schema: ${JSON.stringify(errors)}`);
}
