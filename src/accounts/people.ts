import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto';
import type { Control } from '../control/open.ts';
import { deriveKey, derivePepper } from '../directory/secret.ts';
import type { Auth, AuthSecrets } from './better-auth.ts';

/** What signing people in needs beside the database. */
export type People = {
  /** better-auth, loaded when it is first asked for: it takes half a second, and most commands need none of it. */
  auth: () => Promise<Auth>;
  /** Returns what a session's page must send with each change, so that no other page can. */
  csrfTokenOf: (sessionId: string) => string;
  isCsrfToken: (sessionId: string, sent: string) => boolean;
};

/** Returns what `Services.people` is. `secrets` are APPFLOW_SECRET and the retired ones, the present one first. */
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
      const given = Buffer.from(sent);
      return given.length === expected.length && timingSafeEqual(given, expected);
    },
  };
}

const VERSION_HEX_DIGITS = 8;

/** The version must stay with its secret when that is retired, so it is taken from the secret itself. */
function toAuthSecret(secret: string): AuthSecrets[number] {
  const version = Number.parseInt(derivePepper(secret).id.slice(0, VERSION_HEX_DIGITS), 16);
  const key: KeyObject = deriveKey(secret, 'people/auth');
  return { version, value: key.export().toString('base64url') };
}
