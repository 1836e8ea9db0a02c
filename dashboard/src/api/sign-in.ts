import { queryOptions } from '@tanstack/react-query';
import type { Session } from './answers.ts';
import type { AnswerOf, BodyOf } from './endpoints.ts';
import { call } from './http.ts';

/** A session, or that a code of the authenticator app is needed first. */
export type SignInAnswer = AnswerOf<'POST /app/v1/sign-in'>;

/**
 * Whether there is an account yet (`needs_setup`), and whether this connection is safe for a password
 * (`allows_sign_in`): not over plain HTTP from another machine.
 */
export const setupQuery = queryOptions({
  queryKey: ['setup'],
  queryFn: ({ signal }) => call('GET /app/v1/setup', { signal }),
  staleTime: 60_000,
});

/** What an invitation link is for. */
export const invitationQuery = (token: string) =>
  queryOptions({
    queryKey: ['invitation', token],
    queryFn: () => call('POST /app/v1/invitations/look', { body: { token } }),
    retry: false,
    gcTime: 0,
  });

export const createFirstAccount = async (body: BodyOf<'POST /app/v1/setup'>): Promise<Session> =>
  requireSession(await call('POST /app/v1/setup', { body }));

export const signIn = (body: BodyOf<'POST /app/v1/sign-in'>) => call('POST /app/v1/sign-in', { body });

/** The second step of a sign-in: a code of the authenticator app, or a backup code. */
export const signInWithCode = async (code: string): Promise<Session> =>
  requireSession(await call('POST /app/v1/sign-in/totp', { body: { code } }));

export const acceptInvitation = (body: BodyOf<'POST /app/v1/invitations/accept'>) =>
  call('POST /app/v1/invitations/accept', { body });

/** Sets a new password with the secret of a reset link. */
export const resetPassword = (token: string, password: string) =>
  call('POST /app/v1/reset', { body: { token, password } });

function requireSession(answer: SignInAnswer): Session {
  if ('totp_required' in answer) throw new Error('The server asked for a code where none can be needed.');
  return answer;
}
