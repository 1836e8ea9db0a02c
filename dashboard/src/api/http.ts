import type { AnswerOf, BodyOf, EndpointName, ParamsOf, QueryOf } from './endpoints.ts';
import { Problem, readProblem, unreachable } from './problem.ts';
import { ensureStepUp, forgetStepUp } from './step-up.ts';

type QueryValue = string | number | boolean | undefined | readonly string[];

type RequestOptions = {
  query?: object;
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal | undefined;
  /** Asks for the password before sending if it was not given within the last ten minutes. */
  stepUp?: boolean;
};

/** `{ name: T }`; optional when `T` has no required member, absent when it has no members at all. */
type Part<Name extends string, T> = [T] extends [undefined]
  ? unknown
  : keyof T extends never
    ? unknown
    : Record<never, never> extends T
      ? { [Key in Name]?: T }
      : { [Key in Name]: T };

type CallOptions<Name extends EndpointName> = Part<'params', ParamsOf<Name>> &
  Part<'query', QueryOf<Name>> &
  Part<'body', BodyOf<Name>> &
  Pick<RequestOptions, 'headers' | 'signal' | 'stepUp'>;

let csrfToken: string | undefined;
let onSignedOut: () => void = () => {};

/** Stores the token that unsafe requests carry. Every session answer contains it. */
export function keepCsrfToken(token: string | undefined): void {
  csrfToken = token;
}

/** Sets what happens when an answer says that the session is gone. */
export function whenSignedOut(handler: () => void): void {
  onSignedOut = handler;
}

/** Returns path and query. Undefined values are left out; lists become repeated parameters. */
export function buildUrl(path: string, query: object = {}): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries<QueryValue>({ ...query })) {
    if (value === undefined) continue;
    for (const one of Array.isArray(value) ? value : [value]) search.append(name, String(one));
  }
  const text = search.toString();
  return text === '' ? path : `${path}?${text}`;
}

/** Returns the path of an endpoint with its parameters filled in, and its query: for links, downloads and streams. */
export function endpointUrl<Name extends EndpointName & `GET ${string}`>(
  endpoint: Name,
  { params, query }: { params: ParamsOf<Name>; query?: QueryOf<Name> },
): string {
  return buildUrl(fillPath(pathOf(endpoint), params), query);
}

const pathOf = (endpoint: string) => endpoint.slice(endpoint.indexOf(' ') + 1);

function fillPath(path: string, params: object): string {
  const values = new Map(Object.entries<string>({ ...params }));
  return path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(values.get(name) ?? ''));
}

/**
 * Calls an endpoint of the server, such as `GET /app/v1/session`. Parameters, query, body and answer have the types of
 * the route's schemas. Returns undefined for 204. Throws Problem, or StepUpCanceled if the password dialog was closed.
 */
export async function call<Name extends EndpointName>(
  endpoint: Name,
  ...[options]: Record<never, never> extends CallOptions<Name> ? [CallOptions<Name>?] : [CallOptions<Name>]
): Promise<AnswerOf<Name>> {
  const { params = {}, ...rest }: RequestOptions & { params?: object } = options ?? {};
  const [method = 'GET'] = endpoint.split(' ');
  // The one place where an answer is taken to have the shape that its route declares.
  return (await request(method, fillPath(pathOf(endpoint), params), rest)) as AnswerOf<Name>;
}

/** Sends a request and returns the answer's body (undefined for 204). Throws Problem or StepUpCanceled. */
export async function request(method: string, path: string, options: RequestOptions = {}): Promise<unknown> {
  if (options.stepUp) await ensureStepUp();
  try {
    return await send(method, path, options);
  } catch (error) {
    // The clocks differ, or the ten minutes passed on the way: ask once and send again.
    if (!(error instanceof Problem) || error.code !== 'step_up_required') throw error;
    forgetStepUp();
    await ensureStepUp();
    return send(method, path, options);
  }
}

async function send(method: string, path: string, options: RequestOptions): Promise<unknown> {
  const response = await fetch(buildUrl(path, options.query), {
    method,
    credentials: 'same-origin',
    headers: headersOf(method, options),
    ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  }).catch((error: unknown) => {
    throw error instanceof DOMException && error.name === 'AbortError' ? error : unreachable();
  });
  if (response.status === 204) return undefined;
  if (response.ok) return response.json();
  const problem = await readProblem(response);
  if (problem.code === 'not_signed_in') onSignedOut();
  throw problem;
}

function headersOf(method: string, { body, headers }: RequestOptions): Record<string, string> {
  return {
    accept: 'application/json',
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    ...(method === 'GET' || csrfToken === undefined ? {} : { 'x-appflow-csrf': csrfToken }),
    ...headers,
  };
}
