/** The connection to the server's event stream. */
export type Connection =
  | { state: 'connecting' | 'open' | 'broken' }
  /** Refused; retried from time to time. */
  | { state: 'refused' }
  /** Ended by the server; not retried. */
  | { state: 'closed'; code: string };

const REASONS: Readonly<Record<string, string>> = {
  not_signed_in: 'You were signed out. Sign in again to continue.',
  not_found: 'You are no longer a member of this project, or the app was deleted.',
  insufficient_scope: 'Your role no longer allows you to read events. Ask an owner or admin of the project.',
  app_not_allowed: 'You no longer have access to this app.',
};

/** Whether the server ended the stream permanently: a retry would be refused. All other codes are temporary. */
export function isFinal(code: string): boolean {
  return Object.hasOwn(REASONS, code);
}

/** Returns the text for why the server ended the stream. */
export function closeReason(code: string): string {
  return isFinal(code) ? (REASONS[code] ?? code) : `The server closed the stream (${code}).`;
}

const FIRST_MS = 1_000;
const LONGEST_MS = 30_000;

/** Returns the delay before the next attempt, milliseconds, after `refusals` refusals in a row (from 1). */
export function retryDelayMs(refusals: number): number {
  return Math.min(LONGEST_MS, FIRST_MS * 2 ** (refusals - 1));
}
