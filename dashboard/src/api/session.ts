import { type QueryClient, queryOptions, useSuspenseQuery } from '@tanstack/react-query';
import type { Session } from './answers.ts';
import { call, keepCsrfToken } from './http.ts';
import { confirmStepUp, keepStepUp } from './step-up.ts';

const SESSION_KEY = ['session'] as const;

/**
 * Marks this browser as probably signed in. Without the mark the server is not asked, so the first page of an anonymous
 * visitor logs no 401. It proves nothing and grants nothing.
 */
const MARK = 'appflow-signed-in';

/** Whether this browser was signed in the last time it got an answer. */
export function isProbablySignedIn(): boolean {
  return localStorage.getItem(MARK) !== null;
}

/** Stores what a session answer says: the CSRF token, and until when the password counts as given. */
export function keepSession(client: QueryClient, session: Session): Session {
  noteSession(session);
  client.setQueryData(SESSION_KEY, session);
  return session;
}

function noteSession(session: Session): Session {
  keepCsrfToken(session.csrf_token);
  keepStepUp(session.stepped_up_until);
  localStorage.setItem(MARK, 'yes');
  return session;
}

/** The signed-in person and what they may do. Fails with `not_signed_in` without a session. */
export const sessionQuery = queryOptions({
  queryKey: SESSION_KEY,
  queryFn: async ({ signal }) => noteSession(await call('GET /app/v1/session', { signal })),
  staleTime: 60_000,
  retry: false,
});

/** Returns the session. Only on pages behind the sign-in: the router has loaded it there. */
export function useSession(): Session {
  return useSuspenseQuery(sessionQuery).data;
}

/** Loads the session again, and everything shown that depends on it. */
export const refreshSession = (client: QueryClient) => client.invalidateQueries({ queryKey: SESSION_KEY });

/** Whether the signed-in person has a second factor, as far as this page knows. */
export const hasSecondFactor = (client: QueryClient): boolean =>
  client.getQueryData<Session>(SESSION_KEY)?.user.has_totp ?? false;

/**
 * Sends the password, and the code of a second factor, for the next ten minutes of sensitive requests, and releases those
 * that wait for it.
 */
export async function stepUp(password: string, code: string | undefined): Promise<void> {
  const body = { password, ...(code !== undefined && { code }) };
  const answer = await call('POST /app/v1/step-up', { body });
  confirmStepUp(answer.stepped_up_until);
}

export const signOut = () => call('POST /app/v1/sign-out');

/** Goes to the sign-in page, which returns to `returnTo`. A full page load: nothing that was shown stays in memory. */
export function leaveToSignIn(returnTo?: string): void {
  localStorage.removeItem(MARK);
  const search = returnTo === undefined || returnTo === '/' ? '' : `?return=${encodeURIComponent(returnTo)}`;
  window.location.assign(`/sign-in${search}`);
}
