import { verify } from 'node:crypto';
import { ApiError } from '../http/errors.ts';
import type { RawRequest } from '../http/route.ts';
import type { GithubKeys } from './github-keys.ts';

const refuse = (detail: string) => new ApiError('invalid_signature', { detail });

function readHeader(headers: RawRequest['headers'], name: string): string {
  const value = headers[name.toLowerCase()];
  if (typeof value === 'string' && value !== '') return value;
  throw refuse(`The header ${name} is missing.`);
}

/** Throws 401 unless GitHub signed these bytes (ECDSA on P-256 with SHA-256, DER in base64), 503 when it cannot be asked. */
export async function requireGithubSignature(
  keys: GithubKeys,
  headers: RawRequest['headers'],
  body: Buffer,
): Promise<void> {
  const identifier = readHeader(headers, 'Github-Public-Key-Identifier');
  const signature = Buffer.from(readHeader(headers, 'Github-Public-Key-Signature'), 'base64');
  const key = await keys.find(identifier).catch((cause: unknown) => {
    throw new ApiError('overloaded', {
      detail: "GitHub's public keys cannot be had just now. Send the report again.",
      headers: { 'retry-after': '60' },
      cause,
    });
  });
  if (!key) throw refuse('GitHub has no key of this identifier.');
  if (!verify('sha256', body, key, signature)) throw refuse('The signature is not one of this body.');
}
