import { AppflowError, type ErrorFacts } from '../api/errors.ts';
import type { ErrorCode, FieldError } from '../api/wire.ts';
import type { Clock } from '../runtime/clock.ts';
import { parseRetryAfter, type Room } from './limit-headers.ts';

/** The one door to the outside: the global `fetch`, or whatever does the same. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** Where requests go, with which key, through what. */
export type Target = { apiKey: string; baseUrl: string; fetch: Fetch; clock: Clock };

/** One request. `body` is JSON text. */
export type Call = {
  method: string;
  /** With its query. */
  path: string;
  body?: string;
  /** Reads `RateLimit`; for callers that send side by side. */
  readRoom?: (rateLimit: string | null) => Room | undefined;
  headers?: Record<string, string>;
  keepalive?: boolean;
  signal?: AbortSignal | undefined;
};

/**
 * What to do with a failure. `limited`: the server asks for a wait. `trouble`: no server is there, so all wait. `alone`:
 * the server fails at this one request, so only it waits. `never`: asking again would not help.
 */
export type Retry = 'limited' | 'trouble' | 'alone' | 'never';

/** A failed attempt. */
export type Failure = { ok: false; error: AppflowError; retry: Retry; room?: undefined };

/** What one attempt came to. `room` is for how many more there is, if it says. */
export type Outcome<T> = { ok: true; value: T; room: Room | undefined } | Failure;

const ATTEMPT_MS_MAX = 60_000;

/** The global fetch, looked up at each call: pages and tests replace it after this module was read. */
export const GLOBAL_FETCH: Fetch = (url, init) => fetch(url, init);

/** Makes one attempt. Never throws but with the reason of `call.signal` when that aborts. */
export async function attempt<T>(
  target: Target,
  call: Call,
  read: (response: Response) => Promise<T>,
): Promise<Outcome<T>> {
  const { clock, fetch: send } = target;
  const { signal } = call;
  if (signal?.aborted) throw signal.reason;
  // Not AbortSignal.any or .timeout: React Native has neither.
  const abort = new AbortController();
  const end = () => abort.abort();
  const timer = clock.setTimeout(end, ATTEMPT_MS_MAX);
  signal?.addEventListener('abort', end);
  try {
    const response = await send(target.baseUrl.replace(/\/+$/, '') + call.path, toInit(target, call, abort));
    if (!response.ok) return await toFailure(response, clock);
    const room = call.readRoom?.(response.headers.get('ratelimit'));
    return { ok: true, value: await read(response), room };
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    // A defect of ours, or an answer that was read and makes no sense: asking again would not help.
    if (error instanceof AppflowError) return { ok: false, error, retry: 'never' };
    return { ok: false, error: noAnswer(error), retry: 'trouble' };
  } finally {
    clock.clearTimeout(timer);
    signal?.removeEventListener('abort', end);
  }
}

function toInit({ apiKey }: Target, call: Call, { signal }: AbortController): RequestInit {
  const { method, body = null, keepalive = false, headers } = call;
  return {
    method,
    headers: {
      authorization: `Bearer ${apiKey}`,
      'x-appflow-sdk': SDK,
      ...(body && { 'content-type': 'application/json' }),
      ...headers,
    },
    body,
    keepalive,
    // A redirect would turn the POST into a GET, or carry the key to another server.
    redirect: 'manual',
    signal,
  };
}

/** Reads an answer's JSON; undefined for 204. Throws AppflowError when it is none. */
export async function readJson(response: Response): Promise<unknown> {
  if (response.status === 204) return undefined;
  try {
    return await response.json();
  } catch (cause) {
    // Anything else is a connection that broke.
    throw cause instanceof Error && cause.name === 'SyntaxError' ? notOurs(response, cause) : cause;
  }
}

/** Returns the error for an answer that no Appflow server gives. */
export function notOurs({ status }: Pick<Response, 'status'>, cause?: unknown): AppflowError {
  const words = 'Not an Appflow server: check baseUrl.';
  return new AppflowError(words, { code: 'unexpected_answer', status, cause });
}

/** `fetch` says only "fetch failed"; what happened is its cause. */
function noAnswer(error: unknown): AppflowError {
  const reason = (error instanceof Error && error.cause) || error;
  return new AppflowError(`No answer (${reason}).`, { code: 'network_error', cause: error });
}

async function toFailure(response: Response, clock: Clock): Promise<Failure> {
  const { status, headers } = response;
  // A proxy may refuse in words of its own, or in none.
  const problem: Problem = (await response.json().catch(() => null)) ?? {};
  const { detail = `Status ${status}.`, errors = [] } = problem;
  const facts: ErrorFacts = {
    code: problem.code ?? CODES[status] ?? 'unexpected_answer',
    status,
    requestId: problem.request_id ?? headers.get('x-request-id') ?? undefined,
    retryAfterMs: parseRetryAfter(
      headers.get('retry-after'),
      Date.parse(headers.get('date') ?? '') || clock.now(),
    ),
    errors,
  };
  return {
    ok: false,
    error: new AppflowError(detail, facts),
    retry: RETRIES[status] ?? (status < 500 ? 'never' : 'alone'),
  };
}

type Problem = { code?: ErrorCode; detail?: string; request_id?: string; errors?: FieldError[] };

/** What a status means when no problem comes with it. */
const CODES: Record<number, ErrorCode> = { 413: 'payload_too_large', 429: 'rate_limited', 503: 'overloaded' };

// 408 is a proxy's: the request came too slowly, and nobody looked at it.
const RETRIES: Record<number, Retry> = {
  429: 'limited',
  503: 'limited',
  502: 'trouble',
  504: 'trouble',
  408: 'trouble',
};

/** How this package names itself to the server; a test holds it to package.json. */
export const SDK = 'appflow-js/0.1.0';
