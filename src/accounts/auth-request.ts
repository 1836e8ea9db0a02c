import type { BrowserRequest } from '../api/raw-request.ts';
import { containsKey } from '../directory/secret.ts';

/** better-auth's own cookie between password and code. It never leaves the process: ours carries its value. */
export const CHALLENGE_COOKIE = 'better-auth.two_factor';

const AGENT_CHARACTERS_MAX = 300;

/** Returns what a browser calls itself, as it is stored with a session; a key that came in the wrong header is not. */
export function agentOf({ headers }: Pick<BrowserRequest, 'headers'>): string | undefined {
  const agent = headers['user-agent'];
  return agent === undefined || containsKey(agent) ? undefined : agent.slice(0, AGENT_CHARACTERS_MAX);
}

/** Returns what better-auth is sent: what a session's row tells later, and no cookie that could make it another's. */
export function authHeaders(visit: BrowserRequest, cookie?: string): Headers {
  const sent = new Headers({ [ADDRESS_HEADER]: visit.address });
  const agent = agentOf(visit);
  if (agent !== undefined) sent.set('user-agent', agent);
  if (cookie !== undefined) sent.set('cookie', cookie);
  return sent;
}

/** A refusal of better-auth: an error with a status, as HTTP has it. */
export type AuthRefusal = Error & { statusCode: number; body?: { code?: string } };

/** Whether better-auth refused, rather than failed. */
export function isRefusal(error: unknown): error is AuthRefusal {
  if (!(error instanceof Error && 'statusCode' in error)) return false;
  return typeof error.statusCode === 'number' && error.statusCode < 500;
}

/** The header in which a request's address, resolved by us, is handed to better-auth. */
export const ADDRESS_HEADER = 'x-appflow-address';
