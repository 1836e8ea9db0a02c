import { redirect } from '@tanstack/react-router';
import { Problem } from '../api/problem.ts';
import { queryClient } from '../api/query-client.ts';
import { isProbablySignedIn, sessionQuery } from '../api/session.ts';

/** Loads the session. Without one, redirects to the sign-in page, which returns here afterwards. */
export async function requireSession(href: string) {
  if (!isProbablySignedIn()) throw redirect({ to: '/sign-in', search: { return: href } });
  return queryClient.ensureQueryData(sessionQuery).catch((error: unknown) => {
    if (!(error instanceof Problem) || error.status !== 401) throw error;
    throw redirect({ to: '/sign-in', search: { return: href } });
  });
}
