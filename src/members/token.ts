import { createHash, randomBytes } from 'node:crypto';

const TOKEN_BYTES = 32;

/** Returns a new token for a link: 256 random bits, shown once and never stored. */
export function createToken(): string {
  return randomBytes(TOKEN_BYTES).toString('base64url');
}

/**
 * Returns the stored form of a token: SHA-256, base64url. A fast hash is right here, as for API keys: nobody can guess
 * what is random, whatever the hash.
 */
export function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('base64url');
}
