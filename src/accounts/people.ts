import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto';
import type { Control } from '../control/open.ts';
import { deriveKey, derivePepper } from '../directory/secret.ts';
import type { Auth, AuthSecrets } from './better-auth.ts';
import { createPasswordHasher, type PasswordHasher } from './hashing/password-hasher.ts';

/** What sign-in needs besides the database. */
export type People = {
  /** Returns better-auth, loaded on first use: that takes half a second, and most commands do not need it. */
  auth: () => Promise<Auth>;
  /** Returns the token that a session's page must send with each change, so that no other page can. */
  csrfTokenOf: (sessionId: string) => string;
  /** Whether `sent` is the session's CSRF token; compared in constant time. */
  isCsrfToken: (sessionId: string, sent: string) => boolean;
  /** Returns the MAC of a known device's cookie over these parts. */
  deviceMacOf: (parts: readonly string[]) => string;
  /** Whether `sent` is that MAC; compared in constant time. */
  isDeviceMac: (parts: readonly string[], sent: string) => boolean;
  hasher: PasswordHasher;
};

/** Returns `Services.people`. `secrets` are APPFLOW_SECRET and the retired ones, the current one first. */
export function createPeople(control: Control, secrets: readonly [string, ...string[]]): People {
  const csrfKey = deriveKey(secrets[0], 'people/csrf');
  const deviceKey = deriveKey(secrets[0], 'people/device');
  const hasher = createPasswordHasher();
  let auth: Promise<Auth> | undefined;
  const csrfTokenOf = (sessionId: string) => macOf(csrfKey, sessionId);
  const deviceMacOf = (parts: readonly string[]) => macOf(deviceKey, JSON.stringify(parts));
  return {
    auth() {
      auth ??= import('./better-auth.ts').then(({ createAuth }) =>
        createAuth(control, secrets.map(toAuthSecret), hasher),
      );
      return auth;
    },
    csrfTokenOf,
    isCsrfToken: (sessionId, sent) => isSameText(csrfTokenOf(sessionId), sent),
    deviceMacOf,
    isDeviceMac: (parts, sent) => isSameText(deviceMacOf(parts), sent),
    hasher,
  };
}

const macOf = (key: KeyObject, text: string) => createHmac('sha256', key).update(text).digest('base64url');

function isSameText(expectedText: string, actualText: string): boolean {
  const [expected, actual] = [Buffer.from(expectedText), Buffer.from(actualText)];
  return actual.length === expected.length && timingSafeEqual(actual, expected);
}

const VERSION_HEX_DIGITS = 8;

/** The version must stay the same when its secret is retired, so it is derived from the secret itself. */
function toAuthSecret(secret: string): AuthSecrets[number] {
  const version = Number.parseInt(derivePepper(secret).id.slice(0, VERSION_HEX_DIGITS), 16);
  const key: KeyObject = deriveKey(secret, 'people/auth');
  return { version, value: key.export().toString('base64url') };
}
