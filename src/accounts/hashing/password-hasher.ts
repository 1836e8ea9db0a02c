import { AsyncLocalStorage } from 'node:async_hooks';
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { createHashQueue, type HashQueue } from './hash-queue.ts';
import { createHashThread, type HashThread } from './hash-thread.ts';

/** Hashes passwords with scrypt, one at a time, in a thread of its own. */
export type PasswordHasher = {
  /** Returns the stored form of a password, `salt:key` in hex. Throws 503 if too many others wait. */
  hash: (password: string) => Promise<string>;
  /** Whether `password` is the one stored as `hash`. Throws as above. */
  verify: (given: { hash: string; password: string }) => Promise<boolean>;
  /** Runs `work`; its hashes go before those of unknown devices, so that a flood of sign-ins does not delay them. */
  asKnown: <T>(work: () => Promise<T>) => Promise<T>;
  /** As `HashQueue.countRefused`. */
  countRefused: HashQueue['countRefused'];
};

const SALT_BYTES = 16;

/** Returns the hasher of one process. Its format is that of better-auth, which calls it. */
export function createPasswordHasher(
  queue: HashQueue = createHashQueue(),
  thread: HashThread = createHashThread(),
): PasswordHasher {
  const known = new AsyncLocalStorage<true>();
  const derive = (password: string, salt: string) =>
    queue.run(known.getStore() === true, () => thread.derive({ password: password.normalize('NFKC'), salt }));
  return {
    async hash(password) {
      const salt = randomBytes(SALT_BYTES).toString('hex');
      return `${salt}:${await derive(password, salt)}`;
    },
    async verify({ hash, password }) {
      const [salt, key] = hash.split(':');
      if (!salt || !key) throw new Error('A stored password has an unknown format.');
      const [stored, actual] = [Buffer.from(key), Buffer.from(await derive(password, salt))];
      return stored.length === actual.length && timingSafeEqual(stored, actual);
    },
    asKnown: (work) => known.run(true, work),
    countRefused: queue.countRefused,
  };
}
