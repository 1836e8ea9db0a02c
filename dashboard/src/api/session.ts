import { type QueryClient, queryOptions, useSuspenseQuery } from '@tanstack/react-query';
import type { Session } from './answers.ts';
import { api, keepCsrfToken } from './http.ts';
import { keepStepUp } from './step-up.ts';

const SESSION_KEY = ['session'] as const;

/**
 * Marks this browser as probably signed in. Without the mark nobody asks the server, so that a visitor's first page
 * logs no 401. It proves nothing and grants nothing.
 */
const MARK = 'appflow-signed-in';

/** Whether this browser was signed in when it was last heard of. */
export function isProbablySignedIn(): boolean {
  return localStorage.getItem(MARK) !== null;
}

/** Takes over what a session answer says: the CSRF token, and until when the password counts as given. */
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

/** Who is signed in and what they may do; fails with `not_signed_in` when nobody is. */
export const sessionQuery = queryOptions({
  queryKey: SESSION_KEY,
  queryFn: async ({ signal }) => noteSession(await api<Session>('GET', '/app/v1/session', { signal })),
  staleTime: 60_000,
  retry: false,
});

/** Returns who is signed in; only on pages behind the sign-in, where the router has loaded it. */
export function useSession(): Session {
  return useSuspenseQuery(sessionQuery).data;
}

/** Leaves for the sign-in page, which comes back to `returnTo`. The page is loaded anew: nothing that was seen stays in memory. */
export function leaveToSignIn(returnTo?: string): void {
  localStorage.removeItem(MARK);
  const search = returnTo === undefined || returnTo === '/' ? '' : `?return=${encodeURIComponent(returnTo)}`;
  window.location.assign(`/sign-in${search}`);
}
