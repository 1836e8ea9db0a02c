/** How the page stands with the server's stream. */
export type Connection =
  | { state: 'connecting' | 'open' | 'broken' }
  /** Refused, tried again from time to time. */
  | { state: 'refused' }
  /** Ended by the server for good. */
  | { state: 'closed'; code: string };

const REASONS: Readonly<Record<string, string>> = {
  not_signed_in: 'You were signed out. Sign in again to go on.',
  not_found: 'You are no longer a member of this project, or the app is gone.',
  insufficient_scope: 'Your role no longer reads events. Ask an owner or admin of the project.',
  app_not_allowed: 'You no longer reach this app.',
};

/** Whether the server ended the stream for good: asked again, it would refuse. All else passes. */
export function isFinal(code: string): boolean {
  return Object.hasOwn(REASONS, code);
}

/** Returns why the server ended the stream, in words. */
export function reasonOf(code: string): string {
  return isFinal(code) ? (REASONS[code] ?? code) : `The server ended the stream: ${code}.`;
}

const FIRST_MS = 1_000;
const LONGEST_MS = 30_000;

/** Returns how long to wait before asking again after so many refusals in a row (from 1), milliseconds. */
export function retryDelayMs(refusals: number): number {
  return Math.min(LONGEST_MS, FIRST_MS * 2 ** (refusals - 1));
}
