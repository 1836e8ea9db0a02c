import type { ErrorCode, FieldError } from '../api/error-code.ts';
import { AppflowError, type ErrorDetails } from '../api/errors.ts';
import type { Clock } from '../runtime/clock.ts';
import { parseRetryAfter, type Remaining } from './limit-headers.ts';

/** How this package identifies itself to the server; a test keeps it equal to package.json. */
export const SDK = 'appflow-js/0.1.0';

/** The only access to the network: the global `fetch` or a replacement. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** Where and how to send requests, and with which key. */
export type Target = { apiKey: string; baseUrl: string; fetch: Fetch; clock: Clock };

/** One request. `body` is JSON text. */
export type Call = {
  method: string;
  /** Includes the query string. */
  path: string;
  body?: string;
  headers?: Record<string, string>;
  keepalive?: boolean;
  signal?: AbortSignal | undefined;
};

/**
 * How to retry a failure. `limited`: the server asked to wait. `outage`: no server can be reached, so all calls back off.
 * `single`: the server fails on this request only, so only this call backs off. `never`: a retry would not help.
 */
export type RetryMode = 'limited' | 'outage' | 'single' | 'never';

/** A failed attempt. */
export type Failure = { ok: false; error: AppflowError; retry: RetryMode; remaining?: Remaining | undefined };

/** The result of one attempt. `remaining` is the quota left, if the caller reads it. */
export type Outcome<T> = { ok: true; value: T; remaining?: Remaining | undefined } | Failure;

const ATTEMPT_MS_MAX = 60_000;

/** The global fetch, looked up at each call: pages and tests replace it after this module was loaded. */
export const GLOBAL_FETCH: Fetch = (url, init) => fetch(url, init);

/** Makes one attempt. Throws only the reason of `call.signal`, if it aborts. */
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
  const onAbort = () => abort.abort();
  const timer = clock.setTimeout(onAbort, ATTEMPT_MS_MAX);
  signal?.addEventListener('abort', onAbort);
  try {
    const url = target.baseUrl.replace(/\/+$/, '') + call.path;
    const response = await send(url, toRequestInit(target, call, abort));
    if (!response.ok) return await toFailure(response, clock);
    return { ok: true, value: await read(response) };
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    // A bug in the client, or a response that makes no sense: a retry would not help.
    if (error instanceof AppflowError) return { ok: false, error, retry: 'never' };
    return { ok: false, error: networkError(error), retry: 'outage' };
  } finally {
    clock.clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
  }
}

function toRequestInit({ apiKey }: Target, call: Call, { signal }: AbortController): RequestInit {
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
    // A redirect would turn the POST into a GET, or send the key to another server.
    redirect: 'manual',
    signal,
  };
}

/** Returns a response's JSON; undefined for 204. Throws AppflowError if it is not JSON. */
export async function readJson(response: Response): Promise<unknown> {
  if (response.status === 204) return undefined;
  try {
    return await response.json();
  } catch (cause) {
    // Any other error is a broken connection.
    throw cause instanceof Error && cause.name === 'SyntaxError' ? unexpectedAnswer(response, cause) : cause;
  }
}

/** Returns the error for a response that no Appflow server sends. */
export function unexpectedAnswer({ status }: Pick<Response, 'status'>, cause?: unknown): AppflowError {
  const message = 'Not an Appflow server: check baseUrl.';
  return new AppflowError(message, { code: 'unexpected_answer', status, cause });
}

/** `fetch` says only "fetch failed"; the actual reason is its cause. */
function networkError(error: unknown): AppflowError {
  const reason = (error instanceof Error && error.cause) || error;
  return new AppflowError(`No response (${reason}).`, { code: 'network_error', cause: error });
}

async function toFailure(response: Response, clock: Clock): Promise<Failure> {
  const { status, headers } = response;
  // A proxy may reject with its own body, or with none.
  const problem: Problem = (await response.json().catch(() => null)) ?? {};
  const { detail = `Status ${status}.`, errors = [] } = problem;
  const details: ErrorDetails = {
    code: problem.code ?? DEFAULT_CODES[status] ?? 'unexpected_answer',
    status,
    requestId: problem.request_id,
    retryAfterMs: parseRetryAfter(
      headers.get('retry-after'),
      Date.parse(headers.get('date') ?? '') || clock.now(),
    ),
    errors,
  };
  return {
    ok: false,
    error: new AppflowError(detail, details),
    retry: RETRY_MODES[status] ?? (status < 500 ? 'never' : 'single'),
  };
}

type Problem = { code?: ErrorCode; detail?: string; request_id?: string; errors?: FieldError[] };

/** The codes of statuses for responses without a problem document (RFC 9457). */
const DEFAULT_CODES: Record<number, ErrorCode> = {
  413: 'payload_too_large',
  429: 'rate_limited',
  503: 'overloaded',
};

// 408 comes from a proxy or the server: the request arrived too slowly and was not handled.
const RETRY_MODES: Record<number, RetryMode> = {
  429: 'limited',
  503: 'limited',
  502: 'outage',
  504: 'outage',
  408: 'outage',
};
