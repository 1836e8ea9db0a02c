import type { BrowserRequest } from '../api/raw-request.ts';
import { containsKey } from '../directory/secret.ts';

/** better-auth's own cookie between password and code. It never leaves the process: our cookie carries its value. */
export const CHALLENGE_COOKIE = 'better-auth.two_factor';

/** The header that passes a request's resolved address to better-auth. */
export const ADDRESS_HEADER = 'x-appflow-address';

const USER_AGENT_CHARACTERS_MAX = 300;

/**
 * Returns the browser's `User-Agent` as it is stored with a session; undefined if it contains an API key that was sent in
 * the wrong header.
 */
export function findUserAgent({ headers }: Pick<BrowserRequest, 'headers'>): string | undefined {
  const agent = headers['user-agent'];
  return agent === undefined || containsKey(agent) ? undefined : agent.slice(0, USER_AGENT_CHARACTERS_MAX);
}

/**
 * Returns the headers that better-auth gets: what it stores with the session, and of the cookies only `cookie`, so that
 * no other can select another session.
 */
export function toAuthHeaders(request: BrowserRequest, cookie?: string): Headers {
  const headers = new Headers({ [ADDRESS_HEADER]: request.address });
  const agent = findUserAgent(request);
  if (agent !== undefined) headers.set('user-agent', agent);
  if (cookie !== undefined) headers.set('cookie', cookie);
  return headers;
}

/** A refusal of better-auth: an error with an HTTP status. */
export type AuthRefusal = Error & { statusCode: number; body?: { code?: string } };

/** Whether better-auth refused the request, rather than failed. */
export function isRefusal(error: unknown): error is AuthRefusal {
  if (!(error instanceof Error && 'statusCode' in error)) return false;
  return typeof error.statusCode === 'number' && error.statusCode < 500;
}
