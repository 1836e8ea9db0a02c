import { Problem, readProblem, unreachable } from './problem.ts';
import { ensureStepUp, forgetStepUp } from './step-up.ts';

export type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE';

export type QueryValue = string | number | boolean | undefined | readonly string[];

export type CallOptions = {
  query?: Record<string, QueryValue>;
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal | undefined;
  /** Asks for the password before sending when it was not given within the last ten minutes. */
  stepUp?: boolean;
};

let csrfToken: string | undefined;
let onSignedOut: () => void = () => {};

/** Remembers the token that unsafe requests carry; it comes with every session answer. */
export function keepCsrfToken(token: string | undefined): void {
  csrfToken = token;
}

/** Says what happens when an answer tells that nobody is signed in any more. */
export function whenSignedOut(handler: () => void): void {
  onSignedOut = handler;
}

/** Returns path and query; undefined values are left out, lists become repeated parameters. */
export function urlOf(path: string, query: Record<string, QueryValue> = {}): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined) continue;
    for (const one of Array.isArray(value) ? value : [value]) search.append(name, String(one));
  }
  const text = search.toString();
  return text === '' ? path : `${path}?${text}`;
}

/**
 * Calls the server and returns the answer's body (undefined for 204). `T` is what the route declares: the one place
 * where an answer is believed to have its shape. Throws Problem; StepUpCancelled when the person would not confirm.
 */
export async function api<T>(method: Method, path: string, options: CallOptions = {}): Promise<T> {
  if (options.stepUp) await ensureStepUp();
  try {
    return await send<T>(method, path, options);
  } catch (error) {
    // The two clocks differ, or the ten minutes ended on the way: ask once and send again.
    if (!(error instanceof Problem) || error.code !== 'step_up_required') throw error;
    forgetStepUp();
    await ensureStepUp();
    return send<T>(method, path, options);
  }
}

async function send<T>(method: Method, path: string, options: CallOptions): Promise<T> {
  const response = await fetch(urlOf(path, options.query), {
    method,
    credentials: 'same-origin',
    headers: headersOf(method, options),
    ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  }).catch((error: unknown) => {
    throw error instanceof DOMException && error.name === 'AbortError' ? error : unreachable();
  });
  if (response.status === 204) return undefined as T;
  if (response.ok) return (await response.json()) as T;
  const problem = await readProblem(response);
  if (problem.code === 'not_signed_in') onSignedOut();
  throw problem;
}

function headersOf(method: Method, { body, headers }: CallOptions): Record<string, string> {
  return {
    accept: 'application/json',
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    ...(method === 'GET' || csrfToken === undefined ? {} : { 'x-appflow-csrf': csrfToken }),
    ...headers,
  };
}
