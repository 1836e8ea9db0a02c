import { queryOptions } from '@tanstack/react-query';
import type { BodyOf } from './endpoints.ts';
import { call } from './http.ts';

/** Where the person is signed in. */
export const sessionsQuery = queryOptions({
  queryKey: ['sessions'],
  queryFn: async ({ signal }) => (await call('GET /app/v1/sessions', { signal })).data,
});

/** Signs another browser out. */
export const endSession = (id: string) => call('DELETE /app/v1/sessions/{id}', { params: { id } });

/** Changes name or email address, the address only after the password. Returns the session. */
export const updateAccount = (body: BodyOf<'PATCH /app/v1/account'>) =>
  call('PATCH /app/v1/account', { body, stepUp: body.email !== undefined });

/** Changes the password, after the current one. The server ends all other sessions. */
export const changePassword = (password: string) =>
  call('POST /app/v1/account/password', { body: { new_password: password }, stepUp: true });

/** Returns the secret for an authenticator app, and backup codes. It counts once a code confirms it. */
export const offerTotp = () => call('POST /app/v1/account/totp', { stepUp: true });

export const confirmTotp = (code: string) => call('POST /app/v1/account/totp/confirm', { body: { code } });

export const removeTotp = () => call('DELETE /app/v1/account/totp', { stepUp: true });
