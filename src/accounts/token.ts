import { createHash, randomBytes } from 'node:crypto';
import { Type } from 'typebox';

/** The token of a link, as a page sends it. */
export const TOKEN = Type.String({
  minLength: 1,
  maxLength: 200,
  description: 'The part of the link after #.',
});

const TOKEN_BYTES = 32;

/** Returns a new token for a link or session: 256 random bits, shown once and never stored. */
export function createToken(): string {
  return randomBytes(TOKEN_BYTES).toString('base64url');
}

/**
 * Returns the stored form of a token: SHA-256, base64url. A fast hash is right here, as for API keys: random values
 * cannot be guessed, however fast the hash.
 */
export function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('base64url');
}
