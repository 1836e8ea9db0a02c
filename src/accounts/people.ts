import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto';
import type { Control } from '../control/control.ts';
import { deriveKey, derivePepper } from '../directory/secret.ts';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { createRefusalLog } from '../limits/refusal-log.ts';
import type { Auth, AuthSecrets } from './better-auth.ts';
import { createHashQueue, HASH_QUEUE_LIMITS } from './hashing/hash-queue.ts';
import { createPasswordHasher, type PasswordHasher } from './hashing/password-hasher.ts';
import { createTurns, type Turns } from './turns.ts';

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
  /** Lets the uses of one link hash one after the other. */
  linkTurns: Turns;
};

/** Returns `Services.people`. `secrets` are APPFLOW_SECRET and the retired ones, the current one first. */
export function createPeople(
  services: { control: Control; clock: Clock; log: Log },
  secrets: readonly [string, ...string[]],
): People {
  const { control } = services;
  const csrfKey = deriveKey(secrets[0], 'people/csrf');
  const deviceKey = deriveKey(secrets[0], 'people/device');
  const hasher = createPasswordHasher(
    createHashQueue(
      HASH_QUEUE_LIMITS,
      createRefusalLog(services, 'too many passwords wait to be hashed: they are refused with 503'),
    ),
  );
  const linkTurns = createTurns();
  let auth: Promise<Auth> | undefined;
  const csrfTokenOf = (sessionId: string) => macOf(csrfKey, sessionId);
  const deviceMacOf = (parts: readonly string[]) => macOf(deviceKey, JSON.stringify(parts));
  return {
    auth() {
      auth ??= import('./better-auth.ts')
        .then(({ createAuth }) => createAuth(control, secrets.map(toAuthSecret), hasher))
        .catch((error) => {
          // The next sign-in tries again. Only modules that were missing stay missing.
          auth = undefined;
          throw error;
        });
      return auth;
    },
    csrfTokenOf,
    isCsrfToken: (sessionId, sent) => isSameText(csrfTokenOf(sessionId), sent),
    deviceMacOf,
    isDeviceMac: (parts, sent) => isSameText(deviceMacOf(parts), sent),
    hasher,
    linkTurns,
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
