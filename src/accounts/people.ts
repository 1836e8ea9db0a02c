import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto';
import type { Control } from '../control/open.ts';
import { deriveKey, derivePepper } from '../directory/secret.ts';
import type { Auth, AuthSecrets } from './better-auth.ts';

/** What sign-in needs besides the database. */
export type People = {
  /** Returns better-auth, loaded on first use: that takes half a second, and most commands do not need it. */
  auth: () => Promise<Auth>;
  /** Returns the token that a session's page must send with each change, so that no other page can. */
  csrfTokenOf: (sessionId: string) => string;
  /** Whether `sent` is the session's CSRF token; compared in constant time. */
  isCsrfToken: (sessionId: string, sent: string) => boolean;
};

/** Returns `Services.people`. `secrets` are APPFLOW_SECRET and the retired ones, the current one first. */
export function createPeople(control: Control, secrets: readonly [string, ...string[]]): People {
  const csrfKey = deriveKey(secrets[0], 'people/csrf');
  let auth: Promise<Auth> | undefined;
  const csrfTokenOf = (sessionId: string) =>
    createHmac('sha256', csrfKey).update(sessionId).digest('base64url');
  return {
    auth() {
      auth ??= import('./better-auth.ts').then(({ createAuth }) =>
        createAuth(control, secrets.map(toAuthSecret)),
      );
      return auth;
    },
    csrfTokenOf,
    isCsrfToken(sessionId, sent) {
      const expected = Buffer.from(csrfTokenOf(sessionId));
      const actual = Buffer.from(sent);
      return actual.length === expected.length && timingSafeEqual(actual, expected);
    },
  };
}

const VERSION_HEX_DIGITS = 8;

/** The version must stay the same when its secret is retired, so it is derived from the secret itself. */
function toAuthSecret(secret: string): AuthSecrets[number] {
  const version = Number.parseInt(derivePepper(secret).id.slice(0, VERSION_HEX_DIGITS), 16);
  const key: KeyObject = deriveKey(secret, 'people/auth');
  return { version, value: key.export().toString('base64url') };
}
